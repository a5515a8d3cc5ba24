import { Hono } from 'hono'
import { recordAlone } from '../audit/audit.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { type Verification, verifyTrail } from '../audit/verify.ts'
import { html } from '../http/html.ts'
import { csvCell } from '../portal/pages/accesses-csv.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { formatInstantDay, formatInstantTime } from '../ui/format.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, readForm, staffOf } from './form.ts'
import { actorWords, detailWords, eventWords, TrailPage } from './pages/trail-page.tsx'
import {
  knownActors,
  readQuestion,
  readTrail,
  TRAIL_PAGE,
  type TrailEntry,
  type TrailQuestion,
  wholeTrail,
} from './trail.ts'

const READING_PERIOD_MS = 10 * 60_000

/** The auditor's pages: the trail searched, verified and exported; each of it is itself an act of the trail. */
export function trailAuditRoutes({ db, site, clock }: DeskDependencies) {
  const noteOnce = oncePerPeriod(READING_PERIOD_MS, clock)
  // One at a time, however many press the button: it reads the whole trail.
  const running = new Map<string, Promise<Verification>>()

  return new Hono<StaffEnv>()
    .get('/desk/registro', (c) => page(c))
    .post('/desk/registro/verifica', async (c) => {
      const typed = (await readForm(c)).text('impronta', 80).toLowerCase()
      if (typed !== '' && !/^[0-9a-f]{64}$/.test(typed)) return page(c, undefined, true, 422)
      const verifying = running.get(typed) ?? verifyTrail(db, typed === '' ? [] : [typed])
      running.set(typed, verifying)
      const verified = await verifying.finally(() => running.delete(typed))
      await recordAlone(db, clock(), {
        event: 'audit.verified',
        actor: staffOf(c),
        details: { found: verified.rows, reason: verified.whole ? 'whole' : 'broken' },
      })
      return page(c, verified)
    })
    .get('/desk/registro.csv', async (c) => {
      const question = questionOf(c)
      const filter = await readQuestion(db, question)
      await recordAlone(db, clock(), {
        event: 'audit.exported',
        actor: staffOf(c),
        details: { by: kindsOf(question) },
      })
      const faulty = Object.keys(filter.faults).length > 0
      const { columns } = site.messages.deskTrail
      const head = [
        columns.seq,
        columns.at,
        columns.actor,
        columns.event,
        columns.visit,
        columns.source,
        columns.details,
      ]
      async function* lines() {
        yield `\uFEFF${head.map(csvCell).join(';')}\r\n`
        if (faulty) return
        for await (const batch of wholeTrail(db, filter)) yield batch.map(lineOf).join('')
      }
      return new Response(streamOf(lines()), {
        headers: {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': 'attachment; filename="registro-accessi.csv"',
          'cache-control': 'no-store',
        },
      })
    })

  async function page(
    c: DeskContext,
    verified?: Verification,
    hashFault = false,
    status = 200,
  ): Promise<Response> {
    const question = questionOf(c)
    const filter = await readQuestion(db, question)
    const faulty = Object.keys(filter.faults).length > 0
    const asked = Number(c.req.query('prima') ?? '')
    const before = Number.isSafeInteger(asked) && asked > 0 ? asked : null
    await noteOnce(`${c.var.staff.tokenHash} ${JSON.stringify(question)}`, () =>
      recordAlone(db, clock(), {
        event: 'audit.read',
        actor: staffOf(c),
        details: { by: kindsOf(question) },
      }),
    )
    const entries = faulty ? [] : await readTrail(db, filter, before)
    const last = entries.length === TRAIL_PAGE ? entries.at(-1)?.seq : undefined
    return html(
      <TrailPage
        frame={{ site, staff: c.var.staff }}
        question={question}
        faults={filter.faults}
        actors={await knownActors(db)}
        entries={entries}
        older={last === undefined ? null : `/desk/registro?${addressOf(question)}&prima=${last}`}
        exportUrl={`/desk/registro.csv?${addressOf(question)}`}
        verified={verified}
        hashFault={hashFault}
      />,
      status,
    )
  }

  function lineOf(entry: TrailEntry): string {
    const cells = [
      String(entry.seq),
      `${formatInstantDay(entry.at)} ${formatInstantTime(entry.at)}`,
      actorWords(entry, site),
      eventWords(entry, site),
      entry.accessionNumber ?? '',
      entry.source ?? '',
      detailWords(entry),
    ]
    return `${cells.map(csvCell).join(';')}\r\n`
  }
}

const FIELDS = { visit: 'visita', actor: 'chi', from: 'dal', to: 'al', event: 'operazione' } as const

function questionOf(c: DeskContext): TrailQuestion {
  const text = (name: string) => (c.req.query(name) ?? '').replaceAll('\0', '').trim().slice(0, 120)
  const { visit, actor, from, to, event } = FIELDS
  return { visit: text(visit), actor: text(actor), from: text(from), to: text(to), event: text(event) }
}

const addressOf = (question: TrailQuestion) =>
  new URLSearchParams(
    Object.entries(FIELDS).map(([key, name]) => [name, question[key as keyof TrailQuestion]]),
  ).toString()

/** By what was asked, never what: that may be a person's name. */
const kindsOf = (question: TrailQuestion) =>
  Object.entries(question)
    .flatMap(([name, value]) => (value === '' ? [] : name))
    .join(' ')

/** A batch at a pull: a slow reader holds nothing but its batch. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    async cancel() {
      await texts.return(undefined)
    },
  })
}
