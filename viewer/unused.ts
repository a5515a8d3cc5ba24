// Packages whose modules only declare things: icons, and calendars of languages, for a date picker we have not.
const DECLARATIVE =
  /node_modules\/(?:lucide-react\/dist\/esm\/icons|date-fns|date-fns-jalali|@date-fns|react-day-picker)\//

/**
 * Leaves out modules that upstream's bundler put in though nothing refers to them (1700 of them, 1.5 MB). A module goes
 * only if not one name it declares occurs anywhere else in the text, in whatever meaning.
 */
export function withoutUnusedModules(bundle: string): { text: string; dropped: number } {
  const modules = bundle.split(/(?=^;\/\/ CONCATENATED MODULE: )/m).map((text) => ({
    text,
    used: countNames(text),
    declares: declaredNames(text),
    kept: true,
  }))
  const total = new Map<string, number>()
  for (const { used } of modules) for (const [name, times] of used) add(total, name, times)

  const candidates = modules.filter(({ text }) => isDeclarative(text))
  // Each that goes takes its references along, so that others may go after it.
  for (let before = -1; before !== total.size; ) {
    before = total.size
    for (const module of candidates) {
      if (!module.kept || module.declares.some((name) => total.get(name) !== module.used.get(name))) continue
      module.kept = false
      for (const [name, times] of module.used) add(total, name, -times)
    }
  }
  const kept = modules.filter((module) => module.kept)
  return { text: kept.map(({ text }) => text).join(''), dropped: modules.length - kept.length }
}

function isDeclarative(text: string): boolean {
  const heading = text.slice(0, text.indexOf('\n'))
  // The last of a group also holds the beginning of what follows the group.
  return DECLARATIVE.test(heading) && !/^\},\n(?:\d|\n)|__webpack_require__/m.test(text)
}

function declaredNames(text: string): string[] {
  const declarations =
    /^(?:\/\* export default \*\/ )?(?:const|let|var|class|function\*?|async function) ([\w$]+)/gm
  return [...text.matchAll(declarations)].map(([, name = '']) => name)
}

function countNames(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [name] of text.matchAll(/[A-Za-z_$][\w$]*/g)) add(counts, name, 1)
  return counts
}

function add(counts: Map<string, number>, name: string, times: number): void {
  const sum = (counts.get(name) ?? 0) + times
  if (sum === 0) counts.delete(name)
  else counts.set(name, sum)
}
