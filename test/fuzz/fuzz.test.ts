import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { deflateBomb } from '../../scripts/fuzz-run/dicom.ts'
import { runFuzz } from '../../scripts/fuzz-run/fuzz.ts'
import { openPages } from '../../scripts/fuzz-run/pages.ts'
import { describeInstance } from '../../src/disc/dicom/instance.ts'

// The full run is `npm run fuzz`: 2,100 cases.
test('60 hostile files, documents and texts: no crash, no hang, no unbounded memory, no markup that is more than text (S48–S50)', async () => {
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
  const said: string[] = []
  const result = await runFuzz({ seed: '1', cases: 60, say: (line) => said.push(line) })
  expect(result.wrong, said.join('\n')).toEqual([])
  // Doors that take nothing would prove nothing of what lies behind them.
  expect(result.taken.dicom).toBeGreaterThan(20)
  expect(result.altered).toBeGreaterThan(10)
  expect(result.taken.documents).toBeGreaterThan(2)
  expect(result.taken.texts).toBeGreaterThan(0)
  const answered = ['study metadata', 'frame', 'rendered', 'bulk data', 'file'].map(
    (what) => result.answers[`${what} 200`] ?? 0,
  )
  for (const count of answered) expect(count, JSON.stringify(result.answers)).toBeGreaterThan(0)
}, 180_000)

test('what the fuzzer looks for, it finds: an element, an attribute and a link that a harmless page has not', async () => {
  const pages = await openPages()
  const harmless = '<p title="a">Rossi</p>'
  expect(
    await pages.strangers('<p title="&lt;b&gt;">&lt;script&gt;</p>', harmless, { exactly: true }),
  ).toEqual([])
  for (const hostile of [
    '<p title="a">Rossi<script>1</script></p>',
    '<p title="a" onclick="1">Rossi</p>',
    '<p title="a">Rossi</p><p title="a">x</p>',
    '<p title="a"><a href="javascript:1">Rossi</a></p>',
  ])
    expect(await pages.strangers(hostile, harmless, { exactly: true }), hostile).not.toEqual([])
  const shown: Record<string, string> = {
    '/': harmless,
    '/handler': '<p onclick="1">Rossi</p>',
    '/script': '<script>window.pwned=1</script>',
    '/elsewhere': '<img src="http://evil.example/x.png">',
    '/away': '<script>location.href="/"</script>',
  }
  const server = createServer((asked, answer) => {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(shown[asked.url ?? ''] ?? '')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  for (const path of Object.keys(shown)) {
    const found = await pages.opened(`http://127.0.0.1:${port}${path}`, 'a=b')
    expect([path, found.length > 0]).toEqual([path, path !== '/'])
  }
  server.closeAllConnections()
  server.close()
  await pages.close()
})

test('1 MB that inflates to gigabytes is not inflated: it goes on the disc as it came (S48)', () => {
  const { bytes } = deflateBomb({ root: '1.2.3', accessionNumber: 'A1', number: 1 }, 2 ** 30)
  expect(bytes.byteLength).toBeLessThan(1_100_000)
  const before = process.memoryUsage().rss
  const described = describeInstance(bytes)
  expect(described.length).toBe(bytes.byteLength)
  expect(process.memoryUsage().rss - before).toBeLessThan(700 * 2 ** 20)
})

test('PDFs are drawn without scripting, forms of XFA and WebAssembly; nothing of ours brings a sandbox for their scripts', () => {
  const folder = 'src/browser/pdf'
  const source = readdirSync(folder)
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
    .join('\n')
  expect(source).toContain('enableXfa: false')
  expect(source).toContain('useWasm: false')
  // Without these layers pdf.js neither runs a document's scripts nor follows its actions.
  expect(source).not.toMatch(/AnnotationLayer|pdf\.sandbox|enableScripting: true|isEvalSupported: true/)
  // The policy (script-src 'self') forbids eval; this version of pdf.js has none to begin with.
  for (const name of ['pdf', 'pdf.worker'])
    expect(readFileSync(`node_modules/pdfjs-dist/legacy/build/${name}.mjs`, 'utf8')).not.toMatch(
      /\bnew Function\(|[^\w.]eval\(/,
    )
})
