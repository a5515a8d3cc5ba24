/** What a voxel of the knee is made of; the numbers index the tables of signal. */
export const TISSUE = {
  air: 0,
  skin: 1,
  fat: 2,
  muscle: 3,
  marrow: 4,
  redMarrow: 5,
  cortex: 6,
  cartilage: 7,
  meniscus: 8,
  tear: 9,
  ligament: 10,
  cruciate: 11,
  tendon: 12,
  fluid: 13,
  vessel: 14,
  nerve: 15,
  fascia: 16,
} as const

// Proton density, T1 and T2 (ms, at 1.5 T) and the share of fat: signal follows from the sequence's times.
const PROPERTIES: [density: number, t1: number, t2: number, fat: number][] = [
  [0, 1, 1, 0],
  [0.6, 800, 30, 0.3],
  [0.98, 290, 62, 0.96],
  [0.78, 950, 36, 0.05],
  [0.95, 300, 56, 0.9],
  [0.9, 460, 50, 0.68],
  [0.06, 1000, 6, 0],
  [0.78, 1050, 42, 0],
  [0.2, 1000, 12, 0],
  [0.75, 1500, 80, 0],
  [0.14, 900, 14, 0],
  [0.3, 950, 22, 0],
  [0.1, 900, 12, 0],
  [1, 3200, 320, 0],
  [0.16, 1400, 60, 0],
  [0.6, 1000, 55, 0.3],
  [0.2, 900, 16, 0],
]

/** A spin echo's signal for each tissue; fat suppression leaves a tenth of the fat. */
export function signals({ repetition, echo, fatSaturated }: SequenceTimes): Float32Array {
  const table = new Float32Array(PROPERTIES.length)
  PROPERTIES.forEach(([density, t1, t2, fat], i) => {
    const seen = fatSaturated ? 1 - 0.92 * fat : 1
    table[i] = density * (1 - Math.exp(-repetition / t1)) * Math.exp(-echo / t2) * seen
  })
  // Receivers are set so that the picture fills the range: muscle is the measure under fat suppression, fat
  // elsewhere.
  const measure = fatSaturated ? (table[TISSUE.muscle] ?? 1) * 1.5 : (table[TISSUE.fat] ?? 1)
  return table.map((signal) => signal / measure)
}

export type SequenceTimes = { repetition: number; echo: number; fatSaturated: boolean }
