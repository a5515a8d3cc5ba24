type Value = string | boolean | null
type Facts = Readonly<Record<string, unknown>>

/** What the desk corrected, by field: when, and what stood there before. */
export type Corrected = Record<string, { at: string; from: Value[] }>

/** Of what is wanted, what stands otherwise now. */
export const differing = <Wanted extends Facts>(wanted: Wanted, now: Facts): Partial<Wanted> =>
  Object.fromEntries(Object.entries(wanted).filter(([name, value]) => now[name] !== value)) as Partial<Wanted>

/** Notes the desk's corrections; what it corrects back is no mistake any more. */
export function byDesk(before: Corrected, old: Facts, changes: Facts, now: Date): Corrected {
  const noted = Object.entries(changes).map<[string, Corrected[string]]>(([name, value]) => {
    const from = [...(before[name]?.from ?? []), old[name] as Value].filter((each) => each !== value)
    return [name, { at: now.toISOString(), from: [...new Set(from)] }]
  })
  return { ...before, ...Object.fromEntries(noted) }
}

/** A system said something new of these fields: from now on they are its own again. */
export const bySystem = (before: Corrected, changes: Facts): Corrected =>
  Object.fromEntries(Object.entries(before).filter(([name]) => !(name in changes)))

/**
 * What of a system's word is taken. Where the desk corrected a field, what stood there before does not come back; nor does a
 * deletion. `isNews` says of the others whether the system comes to say it after the correction.
 */
export function besides<Said extends Facts>(
  corrected: Corrected,
  said: Said,
  isNews: (name: string, at: string) => boolean = () => true,
): Said {
  const taken = Object.entries(said).filter(([name, value]) => {
    const own = corrected[name]
    return !own || (value !== null && !own.from.includes(value as Value) && isNews(name, own.at))
  })
  return Object.fromEntries(taken) as Said
}
