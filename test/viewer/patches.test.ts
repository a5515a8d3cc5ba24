import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { englishCatalogue, missingTexts } from '../../viewer/italian.ts'
import english from '../../viewer/locale/fixed.json' with { type: 'json' }
import { applyPatches, filePatches, MODULE_PATCHES } from '../../viewer/patches.ts'
import { importedChunks, reachableFiles } from '../../viewer/reachable.ts'
import { withoutUnusedModules } from '../../viewer/unused.ts'
import { checkIntegrity } from '../../viewer/upstream.ts'

const patch = { why: 'the reason', find: 'old', replace: 'new', times: 2 }

test('a patch applies as often as promised, over all files', () => {
  const texts = new Map([
    ['a.js', 'old and same'],
    ['b.js', 'old'],
  ])
  applyPatches(texts, [patch])
  expect([...texts.values()]).toEqual(['new and same', 'new'])
})

test.each([
  ['once too few', 'old'],
  ['once too many', 'old old old'],
  ['not at all', 'gone'],
])('a patch that applies %s stops the build and says which one', (_, text) => {
  expect(() => applyPatches(new Map([['a.js', text]]), [patch])).toThrow(/instead of 2: the reason/)
})

test('every patch that no longer applies is named, not only the first', () => {
  const patches = [...MODULE_PATCHES, ...filePatches('/viewer/x/')]
  const message = messageOf(() => applyPatches(new Map([['a.js', '']]), patches))
  expect(message).toMatch(/^OHIF has changed/)
  expect(message.split(' instead of ')).toHaveLength(patches.length + 1)
})

test('a replacement is taken literally where it looks like a pattern ($&, $1)', () => {
  const texts = new Map([['a.js', 'const src_locales = ({ ...en });']])
  const locales = filePatches('/viewer/x/').filter(({ why }) => why.startsWith('Italian beside'))
  applyPatches(texts, locales)
  expect(texts.get('a.js')).toContain('$t(Common:Layout)')
})

test('no text that OHIF has fixed in its code is left as it was', () => {
  for (const { find, replace } of english) expect(replace).not.toBe(find)
})

test('the tarball is taken only with the pinned bytes', async () => {
  const bytes = new TextEncoder().encode('abc')
  const sha512 =
    'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw=='
  expect(() => checkIntegrity(bytes, sha512)).not.toThrow()
  expect(() => checkIntegrity(new TextEncoder().encode('abd'), sha512)).toThrow(/expected sha512-3a81/)
})

const RUNTIME = 'u = "" + ({7: "worker",}[chunkId] || chunkId) + ".bundle." '
const FILES: Record<string, string> = {
  'app.bundle.1.js': `${RUNTIME} __webpack_require__.e(/* import() */ 5) new Worker(__webpack_require__.u(7))`,
  'app.bundle.css': 'src: url(/font.woff2)',
  '5.bundle.2.js': 'fetch("code.wasm")',
  '5.css': '',
  '6.bundle.3.js': '',
  'worker.bundle.4.js': '[8,9].map(__webpack_require__.e, x)',
  '8.bundle.5.js': '',
  '9.bundle.6.js': '',
  'code.wasm': '',
  'other.wasm': '',
  'font.woff2': '',
}

test('only files that can be asked for are kept: chunks, workers, what they start, their assets', () => {
  const names = Object.keys(FILES)
  const kept = reachableFiles('app.bundle.1.js', (name) => FILES[name] ?? '', names)
  expect(names.filter((name) => !kept.includes(name))).toEqual(['6.bundle.3.js', 'other.wasm'])
  expect(importedChunks('__webpack_require__.e(5)', RUNTIME, names)).toEqual(['5.bundle.2.js', '5.css'])
})

test('unused icons and calendars go, with what only they used; whatever is named anywhere stays', () => {
  const icon = (name: string, body: string) =>
    `;// CONCATENATED MODULE: ../node_modules/lucide-react/dist/esm/icons/${name}.js\n${body}\n`
  const bundle = [
    'start\n',
    icon('shape', 'const shape = 1'),
    icon('unused', 'const Unused = make(shape)'),
    icon('used', 'const Used = make(2)'),
    icon('spoken-of', 'const Named = make(3)'),
    icon('last', 'const Last = make(4)\n},\n12(module) {'),
    ';// CONCATENATED MODULE: ../node_modules/other/index.js\nconst other = [Used, "Named"]\n',
  ]
  const { text, dropped } = withoutUnusedModules(bundle.join(''))
  expect(dropped).toBe(2)
  expect(text).toBe(bundle.filter((_, index) => index !== 1 && index !== 2).join(''))
})

test('S47: the configuration has one data source, on our own origin, and no way to a study list', async () => {
  const config = await readConfig()
  const { dataSources, ...rest } = config
  expect(dataSources).toHaveLength(1)
  expect(dataSources[0]).toMatchObject({
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    configuration: { qidoRoot: '/dicomweb', wadoRoot: '/dicomweb', dicomUploadEnabled: false },
  })
  expect(dataSources[0]?.configuration.singlepart).not.toContain('pdf')
  expect(rest).toMatchObject({ showStudyList: false, routerBasename: '/viewer' })
  expect(Object.keys(rest)).not.toContain('dangerouslyUseDynamicConfig')
  expect(Object.keys(rest)).not.toContain('customizationUrlPrefixes')
  expect(JSON.stringify(config)).not.toMatch(/https?:/)
})

function messageOf(attempt: () => void): string {
  try {
    attempt()
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
}

async function readConfig() {
  const source = await readFile(join(import.meta.dirname, '../../viewer/app-config.js'), 'utf8')
  const window = { matchMedia: () => ({ matches: false }), config: undefined as unknown }
  new Function('window', source)(window)
  return window.config as {
    showStudyList: boolean
    dataSources: { namespace: string; configuration: Record<string, unknown> }[]
  }
}

test('a text of OHIF without Italian stops the build; those of screens that are left out do not count', () => {
  const module = (name: string, texts: string) =>
    `;// CONCATENATED MODULE: ../../i18n/src/locales/en-US/${name}.json\nconst ${name} = /*#__PURE__*/JSON.parse('${texts}');\n`
  const others = Array.from({ length: 20 }, (_, index) => module(`Other${index}`, '{}')).join('')
  const bundle =
    others +
    module('Tools', String.raw`{"Length":"Length","It\'s":"x"}`) +
    module('StudyList', '{"MRN":"MRN"}')
  const english = englishCatalogue(bundle)
  expect(english.Tools).toEqual({ Length: 'Length', "It's": 'x' })
  expect(missingTexts(english, { Tools: { Length: 'Lunghezza' } })).toEqual(["Tools: It's"])
  expect(missingTexts(english, { Tools: { Length: 'Lunghezza', "It's": 'È' } })).toEqual([])
  expect(() => englishCatalogue('')).toThrow(/English catalogue/)
})
