import { FIRST_HASH, hashOf } from '../../src/audit/audit.ts'
import type { Database } from '../../src/database/database.ts'
import { auditEvents } from '../../src/database/schema.ts'

const BATCH = 2_500

/** Fills an empty trail with rows as the gateway would have written them, quickly. */
export async function fillTrail(db: Database, count: number): Promise<void> {
  let previousHash = FIRST_HASH
  for (let from = 0; from < count; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
      const row = {
        at: new Date(Date.parse('2026-11-23T10:00:00.123Z') + from + i),
        event: 'report.viewed',
        actor: 'patient',
        source: '192.0.2.7',
        visitId: '6f1c1c1e-0000-4000-8000-000000000001',
        examId: null,
        details: { version: i, sha256: 'ab' },
        previousHash,
      }
      previousHash = hashOf(row)
      return { ...row, hash: previousHash }
    })
    await db.insert(auditEvents).values(rows)
  }
}
