import { Hono } from 'hono'
import { record, transact } from '../audit/audit.ts'
import { AppError } from '../errors.ts'
import { CharacterSetError, decodeMessage } from '../hl7/character-set.ts'
import {
  dismissLetter,
  findLetter,
  openLetters,
  readLetter,
  replayLetter,
  visitsNamedIn,
} from '../hl7/letters.ts'
import { html } from '../http/html.ts'
import type { StaffEnv } from '../staff/guard.ts'
import { staffActor } from '../staff/sign-in.ts'
import type { DeskDependencies } from './dependencies.ts'
import { type DeskContext, isUuid } from './form.ts'
import { DismissPage, MessagePage, MessagesPage } from './pages/messages-page.tsx'

const LONGEST_SHOWN = 300
const MOST_PAGES = 10_000

/** HL7 messages that were not applied: listed, read, applied after all, or put aside; every act audited. */
export function messagesRoutes({ db, site, inbox, clock }: DeskDependencies) {
  const texts = site.messages.deskMessages
  const frameOf = (c: DeskContext) => ({ site, staff: c.var.staff })
  const actorOf = (c: DeskContext) => staffActor(c.var.staff, c.var.source)
  const list = async (c: DeskContext, notice: Parameters<typeof MessagesPage>[0]['notice'], status = 200) =>
    html(<MessagesPage frame={frameOf(c)} {...(await pageOf(c))} notice={notice} />, status)
  const pageOf = async (c: DeskContext) => {
    const asked = Number(c.req.query('pagina') ?? '1')
    const page = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), MOST_PAGES) - 1 : 0
    return { ...(await openLetters(db, { page })), page }
  }
  const known = (id: string | undefined) => {
    if (!id || !isUuid(id)) throw new AppError('not_found')
    return id
  }

  return new Hono<StaffEnv>()
    .get('/desk/messaggi', (c) => {
      const done =
        c.req.query('tolto') !== undefined
          ? texts.dismissed
          : c.req.query('applicato') !== undefined
            ? texts.replayed
            : null
      return list(c, done === null ? null : { tone: 'success', text: done })
    })
    .get('/desk/messaggi/:id', async (c) => {
      const { letter, bytes } = await readLetter(inbox, known(c.req.param('id')))
      // Whose data was read: the person of a visit that is registered finds it among the accesses (S39).
      const visits = await visitsNamedIn(db, readable(bytes))
      await transact(db, async (tx) => {
        for (const visitId of visits.length > 0 ? visits : [null]) {
          const details = { kind: letter.type, message: letter.id }
          record(tx, clock(), { event: 'message.opened', actor: actorOf(c), visitId, details })
        }
      })
      return html(<MessagePage frame={frameOf(c)} letter={letter} lines={linesOf(bytes)} />)
    })
    .post('/desk/messaggi/:id/applica', async (c) => {
      const { code, text } = await replayLetter(inbox, known(c.req.param('id')), actorOf(c))
      if (code === 'AA') return c.redirect('/desk/messaggi?applicato', 303)
      return list(c, { tone: 'danger', text: texts.notReplayed(text) }, 422)
    })
    .get('/desk/messaggi/:id/metti-da-parte', async (c) => {
      const letter = await findLetter(db, known(c.req.param('id')))
      return html(<DismissPage frame={frameOf(c)} letter={letter} />)
    })
    .post('/desk/messaggi/:id/metti-da-parte', async (c) => {
      await dismissLetter(inbox, known(c.req.param('id')), actorOf(c))
      return c.redirect('/desk/messaggi?tolto', 303)
    })

  /** A segment a line; a document of megabytes is told by its size. */
  function linesOf(bytes: Uint8Array): string[] {
    return readable(bytes)
      .split(/\r\n|\r|\n/)
      .filter((line) => line !== '')
      .slice(0, 500)
      .map((line) =>
        line
          .split('|')
          .map((field) =>
            field.length > LONGEST_SHOWN
              ? `${field.slice(0, 80)}${texts.content.shortened(field.length)}`
              : field,
          )
          .join('|'),
      )
  }
}

function readable(bytes: Uint8Array): string {
  try {
    return decodeMessage(bytes)
  } catch (error) {
    if (!(error instanceof CharacterSetError)) throw error
    return Buffer.from(bytes).toString('latin1')
  }
}
