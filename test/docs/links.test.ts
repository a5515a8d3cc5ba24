import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const PAGES = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md'])
const SOURCES = globSync(['src/**/*.{ts,tsx}', 'scripts/**/*.ts', 'viewer/**/*.ts'])
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

// Made by whoever deploys, and never under version control.
const MADE_LATER = ['deploy/settings.env']

test('there are pages to check', () => {
  expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md', 'docs/settings.md']))
  expect(SOURCES.length).toBeGreaterThan(100_000)
})

test.each(PAGES)('%s: every relative link leads somewhere', (page) => {
  expect(linksOf(page).filter((target) => !resolves(page, target))).toEqual([])
})

test.each(PAGES)('%s: every path of ours that it names exists', (page) => {
  const named = matches(
    page,
    /`((?:\.\/)?(?:db|deploy|docs|orthanc|scripts|src|test|viewer)\/[\w./-]*\w\/?)`/g,
  )
  expect(named.filter((path) => !MADE_LATER.includes(path) && !existsSync(path))).toEqual([])
})

test.each(PAGES)('%s: every function that it names is in the code', (page) => {
  const named = matches(page, /`([A-Za-z]\w*)\(\)`/g)
  expect(named.filter((name) => !new RegExp(`\\b${name}\\b`).test(SOURCES))).toEqual([])
})

function resolves(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!existsSync(file)) return false
  return anchor === undefined || headingsOf(file).includes(anchor)
}

function linksOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
  return targets.filter((target) => !/^[a-z]+:/.test(target))
}

/** Anchors as GitHub and GitLab make them. */
function headingsOf(file: string): string[] {
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ +(.+)$/gm)].map(
    ([, heading]) => heading ?? '',
  )
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}

function matches(page: string, pattern: RegExp): string[] {
  return [...readFileSync(page, 'utf8').matchAll(pattern)].map(([, found]) => found ?? '')
}
