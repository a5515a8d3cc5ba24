import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { DemoStaff } from './gateway.ts'

export type DemoState = {
  secrets: { pinPepper: string; encryptionKey: string; orthancPassword: string }
  apiKey?: string
  /** The account for the desk's console. */
  desk?: DemoStaff
  /** PIN1 by Accession Number: the portal tells it once, so we keep it. */
  pin1: Record<string, string>
  /** When each was issued, by the portal's word: the desk may have issued another since. */
  pin1IssuedAt?: Record<string, string>
  save: () => Promise<void>
}

/** What the demo must remember between two starts, in `directory`/demo.json, readable by its owner alone. */
export async function openState(directory: string): Promise<DemoState> {
  const file = join(directory, 'demo.json')
  const kept = await readFile(file, 'utf8').catch(() => null)
  const values: Omit<DemoState, 'save'> = kept === null ? fresh() : JSON.parse(kept)
  const state: DemoState = {
    ...values,
    async save() {
      const { save: _, ...plain } = state
      await writeFile(`${file}.new`, `${JSON.stringify(plain, null, 2)}\n`, { mode: 0o600 })
      await rename(`${file}.new`, file)
    },
  }
  await state.save()
  return state
}

function fresh(): Omit<DemoState, 'save'> {
  const secret = () => randomBytes(32).toString('base64')
  return { secrets: { pinPepper: secret(), encryptionKey: secret(), orthancPassword: secret() }, pin1: {} }
}
