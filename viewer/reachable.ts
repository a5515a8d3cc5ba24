/** Which of OHIF's files can be asked for at all, starting from its entry bundle. Pure: reads no disk. */
export function reachableFiles(
  entry: string,
  text: (name: string) => string,
  names: readonly string[],
): string[] {
  const chunks = chunkFiles(names, text(entry))
  for (const [id, files] of chunks) if (files.some((name) => EDITING.test(name))) chunks.set(id, [])
  const others = names.filter((name) => /\.(wasm|woff2|png|svg)$/.test(name))
  const found = new Set<string>()
  const queue = [entry, 'app.bundle.css']
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue
    found.add(name)
    if (!/\.(js|css)$/.test(name)) continue
    const source = text(name)
    for (const id of chunkIds(source)) queue.push(...(chunks.get(id) ?? []))
    // Whatever else is named literally: "0ddf….wasm", url(/a34f….woff2), "assets/images/CT-Bone.png".
    queue.push(...others.filter((other) => source.includes(other.split('/').at(-1) ?? other)))
  }
  return [...found].sort()
}

/** The files of the chunks that a piece of source imports, workers not among them, in its order; `runtime` is the entry's text. */
export function importedChunks(source: string, runtime: string, names: readonly string[]): string[] {
  const chunks = chunkFiles(names, runtime)
  return [...new Set([...idsIn(source, IMPORT)].flatMap((id) => chunks.get(id) ?? []))]
}

// Workers of the tools that draw segmentations (with 8 MB of WebAssembly): a patient's viewer has no such tools.
const EDITING = /^(interpolation|polySeg)\.bundle\./

// The runtime calls most chunks by their number and a few by a name: ({1644: "interpolation",…}[chunkId] || chunkId)
function chunkFiles(names: readonly string[], runtime: string): Map<string, string[]> {
  const files = Map.groupBy(names, (name) => name.split('.')[0] ?? name)
  const named = /\(\{([^}]*)\}\[chunkId\] \|\| chunkId\)/.exec(runtime)?.[1]
  if (named === undefined) throw new Error('OHIF: the runtime no longer names its chunks as expected')
  for (const [, id = '', name = ''] of named.matchAll(/(\d+): "([^"]+)"/g))
    files.set(id, files.get(name) ?? [])
  return files
}

// import(): __webpack_require__.e(1234); new Worker(): __webpack_require__.u(1234)
const IMPORT = /__webpack_require__\.e\((?:\/\*[^*]*\*\/ )?(\d+)\)/g
const WORKER = /__webpack_require__\.u\((?:\/\*[^*]*\*\/ )?(\d+)\)/g

function* idsIn(source: string, pattern: RegExp): Generator<string> {
  for (const [, id = ''] of source.matchAll(pattern)) yield id
}

function* chunkIds(source: string): Generator<string> {
  yield* idsIn(source, IMPORT)
  yield* idsIn(source, WORKER)
  // a worker's own start: Promise.all([1673,6489].map(__webpack_require__.e
  for (const match of source.matchAll(/\[([\d,]+)\]\.map\(__webpack_require__\.e/g)) {
    yield* (match[1] ?? '').split(',')
  }
}
