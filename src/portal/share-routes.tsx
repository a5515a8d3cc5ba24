import { randomUUID } from 'node:crypto'
import { type Context, Hono } from 'hono'
import type { Viewer } from '../access/access.ts'
import { requirePatient } from '../access/require-viewer.ts'
import { AppError } from '../errors.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import type { OnlinePublication } from '../publications/publications.ts'
import {
  createShare,
  listShares,
  renewSharePin,
  revealShare,
  revokeShare,
  shareAvailability,
} from '../shares/shares.ts'
import { qrCode } from '../ui/qr.ts'
import { shareLink } from '../ui/share-link.ts'
import type { PortalDependencies } from './dependencies.ts'
import { ShareConfirmPage } from './pages/share-confirm-page.tsx'
import type { ShareErrors, ShareValues } from './pages/share-form.tsx'
import type { ListedShare } from './pages/share-list.tsx'
import { SharePage } from './pages/share-page.tsx'
import { SharePinPage } from './pages/share-pin-page.tsx'
import { pageSession } from './session.ts'
import { faultyFields, readShareForm } from './share-input.ts'

/** The patient's side of sharing: form, confirmation, PIN, list, end (S28–S32). */
export function shareRoutes(dependencies: PortalDependencies) {
  const { db, rules, site, portalUrl, trustedProxies, clock } = dependencies
  const patient = requirePatient(dependencies.requireViewer)
  const call = (c: Context) => ({
    db,
    keys: rules.encryptionKeys,
    source: sourceOf(c, trustedProxies),
    now: clock(),
  })

  return new Hono()
    .get('/condivisioni', async (c) => sharePage(await patient(c)))
    .post('/condivisioni/correggi', async (c) => sharePage(await patient(c), await readShareForm(c.req.raw)))
    .post('/condivisioni/conferma', async (c) => {
      const viewer = await patient(c)
      const values = await readShareForm(c.req.raw)
      const faulty = faultyFields(values)
      if (faulty.length > 0) return sharePage(viewer, values, errorsOf(faulty))
      const chosen = viewer.online.filter(({ publication }) => values.esami.includes(publication.id))
      const latestEnd = chosen
        .map(({ publication }) => publication.availableUntil)
        .sort()
        .at(-1)
      if (latestEnd === undefined) throw new AppError('not_found')
      return html(
        <ShareConfirmPage
          site={site}
          session={pageSession(viewer)}
          doctor={doctorOf(values)}
          exams={chosen.map(shareable)}
          availableUntil={shareAvailability(clock(), latestEnd).availableUntil}
          requestId={randomUUID()}
        />,
      )
    })
    .post('/condivisioni', async (c) => {
      const viewer = await patient(c)
      const values = await readShareForm(c.req.raw)
      const faulty = faultyFields(values)
      if (faulty.length > 0) return sharePage(viewer, values, errorsOf(faulty))
      if (!isUuid(values.richiesta)) throw new AppError('request.malformed')
      const input = { requestId: values.richiesta, doctor: doctorOf(values), publicationIds: values.esami }
      const { shareId } = await createShare(call(c), viewer.visit.id, input)
      return c.redirect(`/condivisioni/${shareId}?nuova`, 303)
    })
    .get('/condivisioni/:id', async (c) => {
      const viewer = await patient(c)
      const { share, pin, token } = await revealShare(call(c), viewer.visit.id, idOf(c))
      const link = shareLink(portalUrl, token)
      return html(
        <SharePinPage
          site={site}
          session={pageSession(viewer)}
          shareId={share.id}
          doctor={share}
          pin={pin}
          link={link}
          qr={qrCode(link)}
          availableUntil={share.availableUntil}
          created={c.req.query('nuova') !== undefined}
        />,
      )
    })
    .post('/condivisioni/:id/nuovo-pin', async (c) => {
      const viewer = await patient(c)
      await renewSharePin(call(c), viewer.visit.id, idOf(c))
      return c.redirect(`/condivisioni/${idOf(c)}`, 303)
    })
    .post('/condivisioni/:id/annulla', async (c) => {
      const viewer = await patient(c)
      await revokeShare(call(c), viewer.visit.id, idOf(c))
      return c.redirect('/condivisioni#shares-title', 303)
    })

  async function sharePage(viewer: Viewer, values?: ShareValues, errors?: ShareErrors): Promise<Response> {
    const shares = await listShares(db, viewer.visit.id, clock())
    const page = (
      <SharePage
        site={site}
        session={pageSession(viewer)}
        exams={viewer.online.map(shareable)}
        shares={shares.map(listed)}
        values={values}
        errors={errors}
      />
    )
    return html(page, errors ? 422 : 200)
  }

  function errorsOf(fields: (keyof ShareValues)[]): ShareErrors {
    return Object.fromEntries(fields.map((field) => [field, site.messages.sharing.list.errors[field]]))
  }
}

const shareable = ({ publication, exam }: OnlinePublication) => ({
  publicationId: publication.id,
  description: exam.description,
  examDate: exam.examDate,
})

const doctorOf = ({ cognome, nome, email, telefono }: ShareValues) => ({
  familyName: cognome,
  givenName: nome,
  email,
  phone: telefono === '' ? null : telefono,
})

function listed({ share, exams, active, mail }: Awaited<ReturnType<typeof listShares>>[number]): ListedShare {
  const { id, familyName, givenName, email, phone, availableUntil, firstOpenedAt } = share
  return {
    id,
    doctor: { familyName, givenName, email, phone },
    exams: exams.map(({ description }) => description),
    availableUntil,
    state: active
      ? share.suspendedAt
        ? 'suspended'
        : 'active'
      : share.endedBy === 'patient'
        ? 'revoked'
        : 'ended',
    mail: mail === 'sending' ? 'queued' : mail === 'cancelled' ? null : mail,
    openedAt: firstOpenedAt,
  }
}

const isUuid = (text: string) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)

function idOf(c: Context): string {
  const id = c.req.param('id') ?? ''
  if (!isUuid(id)) throw new AppError('not_found')
  return id
}
