import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { violationsOf } from '../support/axe.ts'
import { bytesOf, screenshot } from '../support/browser.ts'
import { writeCtFolder, writeMixedFolder, writeOddFolder } from './light-folder.ts'
import { centre, lightViewer, PHONE, said, shown, tooSmall } from './light-page.ts'

let viewer: Awaited<ReturnType<typeof lightViewer>>
let directory: string
const openFolder = (name: string, options?: BrowserContextOptions) => viewer.openFolder(name, options)

beforeAll(async () => {
  viewer = await lightViewer()
  directory = viewer.directory
  for (const name of ['ct', 'odd', 'mixed']) await mkdir(join(directory, name))
  await writeCtFolder(join(directory, 'ct'))
  await writeOddFolder(join(directory, 'odd'))
  await writeMixedFolder(join(directory, 'mixed'))
})

afterAll(() => viewer[Symbol.asyncDispose]())

test('script and style are at most 300 kB compressed, without the codecs', async () => {
  const sizes = await Promise.all(
    ['LIGHT.JS', 'LIGHT.CSS', 'LIGHT.HTM'].map(
      async (name) => gzipSync(await readFile(join(directory, name))).length,
    ),
  )
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000)
})

test('a folder of DICOM files opens from file://, and its stack scrolls by wheel and keys', async () => {
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
  expect(await page.locator('.corner-tl').textContent()).toContain('Verdi Anna')
  expect(opened.complaints).toEqual([])
  // axe itself would read the style sheet by fetch, which the page's policy refuses: after the complaints.
  expect(await violationsOf(page)).toEqual([])
})

test('the picture on the screen is the grey that PS3.3 C.11.2.1.2 gives, and windows change it', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  // 60 HU by 40/400: ((60 - 39.5) / 399 + 0.5) * 255, cut.
  expect(await centre(page)).toEqual([140, 140, 140])
  await page.keyboard.press('i')
  await expect.poll(() => centre(page)).toEqual([114, 114, 114])
  await page.keyboard.press('i')
  // Bone, 500/2000.
  await page.keyboard.press('4')
  await expect.poll(() => centre(page)).toEqual([71, 71, 71])
  await page.keyboard.press('0')
  await expect.poll(() => centre(page)).toEqual([140, 140, 140])
})

test('a length and a region are measured by keyboard alone, in millimetres and Hounsfield units', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  await page.keyboard.press('l')
  await page.keyboard.press('Control+ArrowRight')
  await page.keyboard.press('Enter')
  for (let n = 0; n < 5; n++) await page.keyboard.press('Control+ArrowRight')
  await page.keyboard.press('Enter')
  // Five pixels of 2 mm.
  await expect.poll(() => said(page)).toBe('10 mm')
  await page.keyboard.press('e')
  await page.keyboard.press('Enter')
  for (let n = 0; n < 4; n++) await page.keyboard.press('Control+ArrowDown')
  for (let n = 0; n < 8; n++) await page.keyboard.press('Control+ArrowLeft')
  await page.keyboard.press('Enter')
  await expect.poll(() => said(page)).toContain('Media 60 HU')
  expect(await said(page)).toContain('DS 0')
  await screenshot(page, 'light-measure-1280', false)
})

test('what is known at the detector only says so, MONOCHROME1 is turned over, and its letters are the file’s', async () => {
  await using opened = await openFolder('mixed')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('1')
  expect(await centre(page)).toEqual([114, 114, 114])
  await page.locator('.stage').focus()
  await page.keyboard.press('l')
  await page.keyboard.press('Enter')
  for (let n = 0; n < 4; n++) await page.keyboard.press('Control+ArrowDown')
  await page.keyboard.press('Enter')
  await expect.poll(() => said(page)).toBe('2 mm (al rivelatore)')
  expect(await page.locator('.corner-right').textContent()).toBe('L')
  expect(await page.locator('.corner-left').textContent()).toBe('R')
  expect(await page.locator('.corner-top').textContent()).toBe('H')
})

test('a loop plays at its own rate, in colour, and stops', async () => {
  await using opened = await openFolder('mixed')
  const { page } = opened
  await page.locator('.series-item', { hasText: 'CINE' }).click()
  await expect.poll(() => centre(page)).toEqual([10, 10, 10])
  await page.keyboard.press('c')
  expect(await page.locator('.rate-text').textContent()).toBe('20/s')
  // With the rate beside it, no tool is out of sight.
  expect(await page.locator('.toolbar').evaluate((bar) => bar.scrollWidth - bar.clientWidth)).toBe(0)
  const seen = new Set<string | null>()
  await expect.poll(async () => seen.add(await shown(page)).size).toBeGreaterThan(4)
  await page.keyboard.press('c')
  expect(await page.locator('.rate-box').isHidden()).toBe(true)
  // Distances mean nothing where the file has no spacing.
  await page.locator('.stage').focus()
  await page.keyboard.press('l')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+ArrowDown')
  await page.keyboard.press('Enter')
  await expect.poll(() => said(page)).toBe('1 px (non calibrato)')
})

test('what cannot be shown stands as a tile with its reason, and the rest of the series is seen', async () => {
  await using opened = await openFolder('odd')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('1')
  const reasons: (string | null)[] = []
  for (let at = 2; at <= 5; at++) {
    await page.keyboard.press('ArrowDown')
    await expect
      .poll(() => page.locator('.stage').getAttribute('aria-label'))
      .toContain(`Immagine ${at} di 5. `)
    reasons.push(await page.locator('.tile-title').textContent())
    expect(await shown(page)).toBe('')
  }
  expect(reasons).toEqual([
    'Il file è incompleto: mancano dati dell’immagine',
    'I dati dell’immagine sono danneggiati',
    'I dati dell’immagine sono danneggiati',
    'Compressione non supportata',
  ])
  // Its middle image, which would be the thumbnail, is one of those.
  expect(await page.locator('.thumb-box').first().locator('svg').count()).toBe(1)
  await screenshot(page, 'light-tile-1280', false)
  // Saved, it does not pass for a picture either, whatever texts are shown.
  await page.keyboard.press('t')
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('g')])
  expect(
    await page.evaluate(BRIGHT, [(await bytesOf(download)).toString('base64'), 'middle']),
  ).toBeGreaterThan(50)
  await page.keyboard.press('t')
  await page.keyboard.press('Home')
  await expect.poll(() => shown(page)).toBe('1')
  await page.locator('.series-item', { hasText: '#2 · 2 oggetti non mostrati' }).click()
  await expect
    .poll(() => page.locator('.tile-list').textContent())
    .toContain('Questo oggetto non è un’immagine')
  expect(await page.locator('.tile-list').textContent()).toContain('CMYK')
  await page.locator('.series-item', { hasText: 'File non letti' }).click()
  await expect.poll(() => page.locator('.tile-list').textContent()).toContain('non è leggibile come DICOM')
  expect(await page.locator('.tile-list').textContent()).toContain('GONE/I0001')
  expect(opened.complaints).toEqual([])
})

test('MPR shows the two other planes of a regular volume, in which a press moves the others', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  await page.keyboard.press('m')
  await expect.poll(() => page.locator('.viewport').count()).toBe(3)
  const coronal = page.locator('.viewport').nth(1)
  await expect.poll(() => coronal.locator('.stage').getAttribute('data-shown')).toBe('33')
  expect(await coronal.locator('.corner-bl').textContent()).toContain('MPR coronale')
  expect(await coronal.locator('.corner-top').textContent()).toBe('H')
  await screenshot(page, 'light-mpr-1280', false)
  await page.keyboard.press('x')
  const { x = 0, y = 0, width = 0, height = 0 } = (await coronal.locator('.stage').boundingBox()) ?? {}
  await page.mouse.click(x + width / 2, y + height / 2 - 40)
  await expect.poll(async () => Number(await shown(page))).toBeGreaterThan(7)
  // Saved, it bears whose it is, which the screen says once for all three.
  expect(await coronal.locator('.corner-tl').isVisible()).toBe(false)
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('g')])
  const png = (await bytesOf(download)).toString('base64')
  expect(await page.evaluate(BRIGHT, [png, 'corner'])).toBeGreaterThan(50)
  // Compare begins with the series itself, not with a plane through it.
  await page.keyboard.press('d')
  await expect.poll(() => page.locator('.viewport').count()).toBe(2)
  const [first, second] = await page.locator('.corner-bl').allTextContents()
  expect(first).not.toContain('MPR')
  expect(second).toBe(first)
})

test('a stack with a gap is refused for MPR', async () => {
  await rm(join(directory, 'ct-gap'), { recursive: true, force: true })
  await mkdir(join(directory, 'ct-gap'))
  await writeCtFolder(join(directory, 'ct-gap'))
  await rm(join(directory, 'ct-gap', 'CT5.dcm'))
  await using opened = await openFolder('ct-gap')
  const { page } = opened
  await expect.poll(() => shown(page)).not.toBe('')
  await page.keyboard.press('m')
  await expect.poll(() => page.locator('.toast').textContent()).toContain('non formano un volume regolare')
  expect(await page.locator('.viewport').count()).toBe(1)
})

test('two views side by side scroll together, until they are let go', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  await page.keyboard.press('d')
  const second = page.locator('.stage').nth(1)
  await expect.poll(() => second.getAttribute('data-shown')).toBe('7')
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => second.getAttribute('data-shown')).toBe('8')
  await page.keyboard.press('k')
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => shown(page)).toBe('9')
  expect(await second.getAttribute('data-shown')).toBe('8')
})

test('the words are in the browser’s language, and can be changed', async () => {
  await using opened = await openFolder('ct', { locale: 'en-US' })
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  expect(await page.locator('.bottom').textContent()).toContain('Not for diagnosis')
  await page.getByRole('button', { name: 'Italiano' }).click()
  await expect.poll(() => page.locator('.bottom').textContent()).toContain('Non destinato alla diagnosi')
  await expect.poll(() => shown(page)).toBe('7')
})

test('the view is saved as PNG, under a name without the patient’s', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('g')])
  expect(download.suggestedFilename()).toBe('CT-2-7.png')
  const bytes = await bytesOf(download)
  expect(bytes.subarray(1, 4).toString()).toBe('PNG')
})

test('by keyboard alone: one stop for the whole toolbar, a focus that is seen, menus and sheets that let go of it', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  const focused = () =>
    page.evaluate(() => {
      const { className, textContent } = document.activeElement ?? {}
      return className === 'tool' ? textContent : className
    })
  const tab = async (times: number, key = 'Tab') => {
    const seen: unknown[] = []
    for (let n = 0; n < times; n++) {
      await page.keyboard.press(key)
      seen.push(await focused())
      // Of the stage over its canvases, which cover what it has itself.
      const ring = await page.evaluate(() => {
        const { activeElement: one } = document
        if (one?.className !== 'stage') return one && getComputedStyle(one).outlineStyle
        return getComputedStyle(one, '::after').borderTopStyle
      })
      expect(ring, String(seen.at(-1))).toBe('solid')
    }
    return seen
  }
  // Folder and files as they are picked are hidden; the report has none to show.
  const header = ['Serie', 'Apri cartella', 'Aiuto', 'English']
  expect(await tab(7)).toEqual([...header, 'Finestra', 'series-item is-shown', 'stage'])
  expect(await tab(2, 'Shift+Tab')).toEqual(['series-item is-shown', 'Finestra'])
  // WAI-ARIA toolbar: arrows within, round the ends; the Tab key comes back to where one was.
  expect(await tab(2, 'ArrowLeft')).toEqual(['Esporta', 'Collega'])
  expect(await tab(2, 'ArrowRight')).toEqual(['Esporta', 'Finestra'])
  expect(await tab(3, 'ArrowRight')).toEqual(['Scorri', 'Sposta', 'Zoom'])
  expect(await tab(1)).toEqual(['series-item is-shown'])
  expect(await tab(1, 'Shift+Tab')).toEqual(['Zoom'])
  await page.keyboard.press('Enter')
  expect(await page.locator('[aria-pressed=true]', { hasText: 'Zoom' }).count()).toBe(1)
  // A menu gives the focus back to its button, a dialog too.
  await page.getByRole('button', { name: 'Finestre' }).press('Enter')
  expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('menuitem')
  await page.keyboard.press('Escape')
  expect(await focused()).toBe('Finestre')
  await page.getByRole('button', { name: 'Aiuto' }).press('Enter')
  expect(await page.evaluate(() => document.activeElement?.closest('dialog') !== null)).toBe(true)
  await page.keyboard.press('Escape')
  expect(await focused()).toBe('Aiuto')
  // What is pressed and can be pressed no more leaves the focus in the bar.
  await page.locator('.stage').focus()
  for (const key of ['h', 'Enter']) await page.keyboard.press(key)
  await page.getByRole('button', { name: 'Cancella' }).press('Enter')
  expect(await page.getByRole('button', { name: 'Cancella' }).isDisabled()).toBe(true)
  expect(await focused()).toBe('Finestra')
})

test('WCAG 2.1.4: shortcuts of a single key can be turned off; [ and ] act where a keyboard has them on Alt', async () => {
  await using opened = await openFolder('ct')
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  const inverted = async () => (await page.locator('.corner-br').textContent())?.includes('Invertita')
  const sides = () => page.locator('.corner-top').textContent()
  expect(await sides()).toBe('A')
  // An Italian Mac: ] is Option and +.
  const typed = (key: string, more: { altKey: boolean; ctrlKey?: boolean }) =>
    page.evaluate(
      (init) => {
        document.body.dispatchEvent(new KeyboardEvent('keydown', { ...init, bubbles: true }))
      },
      { key, ctrlKey: false, ...more },
    )
  await typed(']', { altKey: true })
  await expect.poll(sides).toBe('R')
  // AltGr on Windows is Ctrl and Alt; Alt and a letter is the browser's menu.
  await typed('[', { altKey: true, ctrlKey: true })
  await expect.poll(sides).toBe('A')
  await typed('i', { altKey: true })
  await page.keyboard.press('?')
  await page.getByLabel('Scorciatoie di un solo tasto').uncheck()
  await page.keyboard.press('Escape')
  for (const key of ['i', '?', ']', '4']) await page.keyboard.press(key)
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => shown(page)).toBe('8')
  expect([await inverted(), await sides(), await page.locator('dialog').count()]).toEqual([false, 'A', 0])
  await page.getByRole('button', { name: 'Aiuto' }).click()
  await page.getByLabel('Scorciatoie di un solo tasto').check()
  await page.keyboard.press('Escape')
  await page.keyboard.press('i')
  await expect.poll(inverted).toBe(true)
})

test('on a phone a finger scrolls, and everything to touch is 44 px or more', async () => {
  await using opened = await openFolder('ct', PHONE)
  const { page } = opened
  await expect.poll(() => shown(page)).toBe('7')
  await screenshot(page, 'light-folder-390', false)
  expect(await tooSmall(page)).toEqual([])
  for (const name of ['Finestre', 'Vista', 'Esporta']) {
    await page.getByRole('button', { name, exact: true }).click()
    expect(await page.locator('.menu').count()).toBe(1)
    expect(await tooSmall(page)).toEqual([])
    await page.keyboard.press('Escape')
  }
  await page.getByRole('button', { name: 'Aiuto' }).click()
  expect(await tooSmall(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Serie' }).first().click()
  await screenshot(page, 'light-series-390', false)
  await page.locator('.series-item').first().click()
  expect(await page.locator('.series-list').isHidden()).toBe(true)
  const { x = 0, y = 0, width = 0, height = 0 } = (await page.locator('.stage').boundingBox()) ?? {}
  await drag(page, { x: x + width / 2, y: y + height / 2 }, 60)
  await expect.poll(async () => Number(await shown(page))).toBeGreaterThan(7)
  await page.getByRole('button', { name: 'MPR' }).click()
  await expect.poll(() => page.locator('.stage').nth(2).getAttribute('data-shown')).toBe('33')
  expect(await page.evaluate(CROWDED)).toEqual([])
  await screenshot(page, 'light-mpr-390', false)
  await page.setViewportSize({ width: 844, height: 390 })
  await expect
    .poll(() =>
      page
        .locator('.stage')
        .nth(2)
        .evaluate(({ clientHeight }) => clientHeight),
    )
    .toBeGreaterThan(200)
  expect(await page.evaluate(CROWDED)).toEqual([])
  expect(await tooSmall(page)).toEqual([])
  await screenshot(page, 'light-mpr-844', false)
})

/** Bright pixels of a saved picture: where the patient's name stands, or where it says that it is none. */
async function BRIGHT([base64 = '', where]: string[]) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  const saved = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
  const context = new OffscreenCanvas(120, 40).getContext('2d')
  if (where === 'corner') context?.drawImage(saved, 0, 0)
  else context?.drawImage(saved, 60 - saved.width / 2, 20 - saved.height / 2)
  const { data } = context?.getImageData(0, 0, 120, 40) ?? { data: [] }
  return [...data].filter((value, at) => at % 4 === 0 && value > 200).length
}

/** Texts over the pictures that are cut off, or lie on another. */
const CROWDED = () => {
  const lines = [...document.querySelectorAll<HTMLElement>('.corner span')].filter((one) =>
    one.checkVisibility(),
  )
  const boxes = lines.map((line) => {
    const range = document.createRange()
    range.selectNodeContents(line)
    return { line, box: range.getBoundingClientRect() }
  })
  return boxes.flatMap(({ line, box }, at) => {
    const over = boxes.some(
      ({ box: b }, other) =>
        other !== at &&
        box.left < b.right &&
        b.left < box.right &&
        box.top + 2 < b.bottom &&
        b.top + 2 < box.bottom,
    )
    return over || line.scrollWidth > line.clientWidth ? [line.textContent] : []
  })
}

// A finger goes down, moves, and goes up (Playwright's touchscreen only taps).
async function drag(page: Page, { x, y }: { x: number; y: number }, by: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at: number) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y: at }] })
  await touch('touchStart', y)
  for (let step = 1; step <= 6; step++) await touch('touchMove', y + (by * step) / 6)
  await touch('touchEnd', y + by)
}
