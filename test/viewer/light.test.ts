import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildLight } from '../../viewer/light-build.ts'
import { launchBrowser, screenshot } from '../support/browser.ts'
import { writeCtFolder } from './light-folder.ts'

let directory: string
let browser: Browser

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ritiro-light-'))
  for (const { name, content } of await buildLight()) await writeFile(join(directory, name), content)
  await mkdir(join(directory, 'ct'))
  await writeCtFolder(join(directory, 'ct'))
  browser = await launchBrowser()
})

afterAll(async () => {
  await browser.close()
  await rm(directory, { recursive: true, force: true })
})

test('a folder of DICOM files is chosen, and its stack scrolls by wheel and keys', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  await screenshot(page, 'light-folder-1280', false)
  await page.locator('.stage').hover()
  await page.mouse.wheel(0, 100)
  await expect.poll(() => shown(page)).toBe('8')
  await page.keyboard.press('End')
  await expect.poll(() => shown(page)).toBe('12')
  expect(await page.locator('.corner-br').textContent()).toContain('12 / 12')
  expect(opened.complaints).toEqual([])
})

async function openFolder(name: string, viewport = { width: 1280, height: 800 }) {
  const context = await browser.newContext({ viewport, locale: 'it-IT' })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy'))
      complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`request: ${request.url()}`)
  })
  await page.goto(pathToFileURL(join(directory, 'light.html')).href)
  await page.locator('input[webkitdirectory]').setInputFiles(join(directory, name))
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() }
}

const shown = (page: Page) => page.locator('.stage').first().getAttribute('data-shown')
