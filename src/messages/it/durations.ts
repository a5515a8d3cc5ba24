/** Lengths of time in words; apart from the rest because the browser's scripts use them too. */
export const durations = {
  fewSeconds: 'pochi secondi',
  seconds: (count: number) => `circa ${count} secondi`,
  minutes: (count: number) => (count === 1 ? 'circa 1 minuto' : `circa ${count} minuti`),
  hours: (hours: number, minutes: number) => {
    const whole = hours === 1 ? '1 ora' : `${hours} ore`
    return minutes === 0 ? `circa ${whole}` : `circa ${whole} e ${minutes} minuti`
  },
}

export type Durations = typeof durations
