import { randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { type ViewableStudy, type Viewer, viewableStudies } from '../access/access.ts'
import { onlineExam } from '../access/require-viewer.ts'
import { oncePerPeriod } from '../audit/once.ts'
import { askForCompact, compactEstimate, findCompact } from '../compact/compact.ts'
import { createBuffers } from '../disc/buffers.ts'
import type { DiscPlan } from '../disc/disc.ts'
import { DiscSourceError } from '../disc/large-source.ts'
import { createReadAheadBudget } from '../disc/read-ahead.ts'
import { answerDisc } from '../disc/serve.ts'
import { type StoredInstance, writeDisc } from '../disc/write.ts'
import { AppError } from '../errors.ts'
import { counting, createTally } from '../http/counting.ts'
import { pourAnswer } from '../http/direct.ts'
import { html } from '../http/html.ts'
import { sourceOf } from '../http/source.ts'
import { watchAuthorised } from '../http/watch.ts'
import { errorCode } from '../log.ts'
import { recheckStudies } from '../pacs/recheck.ts'
import { findPreparation } from '../preparation/preparation.ts'
import { noteCollected, noteDiscAsked } from '../reports/collection.ts'
import type { PortalDependencies } from './dependencies.ts'
import { opensNoIso } from './device.ts'
import { discPlanner } from './disc-plan.ts'
import type { CompactOffer } from './pages/disc-compact.tsx'
import type { ReadyDisc } from './pages/disc-downloads.tsx'
import type { DiscDownload } from './pages/disc-packing.tsx'
import { DiscPage } from './pages/disc-page.tsx'
import { pageSession, stillOnline } from './session.ts'
import { findViewerData } from './viewer-data.ts'

const PROBE_BYTES = 1_000_000
// Within it, requests of one session for one disc are one download.
const DOWNLOAD_PERIOD_MS = 60 * 60_000
// So many bytes of a disc or more, its end among them, are its download: neither what a scanner asks for nor the last
// kilobytes alone, where a ZIP has its directory.
const LEAST_TAKEN_BYTES = 1_000_000
const READ_AHEAD_BYTES = 48 * 2 ** 20
const KEPT_BYTES = 32 * 2 ** 20

/** The exam as a disc: the page before it, the ISO and the ZIP (S21–S23). */
export function discRoutes(dependencies: PortalDependencies) {
  const { db, orthanc, codecs, derived, light, site, requireViewer, trustedProxies, clock, log } =
    dependencies
  const budget = createReadAheadBudget(READ_AHEAD_BYTES)
  const buffers = createBuffers(KEPT_BYTES)
  const noteOnce = oncePerPeriod(DOWNLOAD_PERIOD_MS, clock)
  const noteTaken = oncePerPeriod(DOWNLOAD_PERIOD_MS, clock)
  const taken = createTally()
  const fetchInstance = async ({ orthancId }: StoredInstance, signal: AbortSignal) => {
    const bytes = await orthanc.instanceFile(orthancId, signal, buffers.take)
    if (!bytes) throw new AppError('images.unavailable', 'An instance is in the archive no more.')
    return bytes
  }
  const streamInstance = async (
    { orthancId, fileUuid, length: size }: StoredInstance & { length: number },
    start: number,
    signal: AbortSignal,
  ) => {
    const opened = await orthanc.instanceFrom({ orthancId, fileUuid, size }, start, signal, buffers.take)
    if (!opened) throw new AppError('images.unavailable', 'An instance is in the archive no more.')
    return opened
  }
  const plan = discPlanner(site, db, light)
  const { storedFile } = orthanc
  const shortcut = storedFile && (({ fileUuid }: StoredInstance) => storedFile(fileUuid, buffers.take))

  return new Hono()
    .get('/referti/:id/disco', async (c) => {
      const viewer = await requireViewer(c)
      const online = onlineExam(viewer, c.req.param('id'))
      const found = await planOf(viewer, online)
      const id = online.publication.id
      return html(
        <DiscPage
          site={site}
          session={pageSession(viewer)}
          publicationId={id}
          ready={found.plan && readyDisc(found.plan, await compactOffer(found, id), id, c.req.raw.headers)}
          preparing={found.preparing}
        />,
      )
    })
    .get('/referti/:id/disco.iso', (c) => download(c, 'iso'))
    .get('/referti/:id/disco.zip', (c) => download(c, 'zip'))
    .post('/referti/:id/disco-compatto', async (c) => {
      const viewer = await requireViewer(c)
      const online = onlineExam(viewer, c.req.param('id'))
      const { studies } = await planOf(viewer, online)
      await askForCompact(db, studies)
      return c.redirect(`/referti/${online.publication.id}/disco#compact`, 303)
    })
    .get('/referti/:id/disco-compatto.iso', (c) => download(c, 'iso', true))
    .get('/referti/:id/disco-compatto.zip', (c) => download(c, 'zip', true))
    .get('/linea', async (c) => {
      await requireViewer(c)
      // Random, so that nothing on the way makes it smaller than the line has to carry.
      return c.body(new Uint8Array(randomBytes(PROBE_BYTES)), 200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'no-store',
      })
    })

  async function download(c: Context, packing: 'iso' | 'zip', isCompact = false): Promise<Response> {
    const viewer = await requireViewer(c).catch((error: unknown) => {
      const isOver = error instanceof AppError && error.code === 'access.required'
      // A link with `download` is asked for with the destination "empty", an address that is typed as "document".
      if (isOver && (c.req.header('range') || c.req.header('sec-fetch-dest') === 'empty')) return null
      throw error
    })
    if (!viewer) return comeBack()
    const online = onlineExam(viewer, c.req.param('id') ?? '')
    const found = await planOf(viewer, online)
    const planned = isCompact ? await compactPlan(found) : found.plan
    if (!planned) throw new AppError('images.preparing')
    const disc = planned[packing]
    // An archive that is away, or has lost images, is told before the first byte, not by a download that breaks.
    const { changed } = await recheckStudies(dependencies, found.studies)
    if (changed) throw new AppError('images.preparing')
    const authorised = watchAuthorised(() => stillOnline(db, c, online.publication.id, clock()), clock)
    const key = `${viewer.tokenHash} ${online.publication.id}`
    const source = sourceOf(c, trustedProxies)
    const sentUpTo = async (sent: number, isEnd: boolean) => {
      const total = taken.add(`${key} ${disc.etag}`, sent)
      if (!isEnd || total < Math.min(disc.size, LEAST_TAKEN_BYTES)) return
      const collected = () => noteCollected(db, 'disc', viewer, online, source, clock())
      // The bytes are sent: what fails now must not take them back.
      await noteTaken(key, collected).catch((error: unknown) =>
        log('error', 'disc.not_noted', { code: errorCode(error) }),
      )
    }
    const answer = answerDisc(c.req.raw, disc, ({ start, end }, cancelled) => {
      const bytes = writeDisc(disc, fetchInstance, {
        ...{ start, end, budget, shortcut, streamInstance, buffers },
        decode: codecs.decodeFile,
        signal: AbortSignal.any([cancelled, authorised.signal]),
      })
      const told = (sent: number, isWhole: boolean) => sentUpTo(sent, isWhole && end === disc.size)
      return authorised.guard(counting(noticing(found.studies, bytes), told))
    })
    // The parts of a download that broke off are not another download; a HEAD is none.
    if (c.req.method === 'GET' && answer.status < 300)
      await noteOnce(key, () => noteDiscAsked(db, viewer, online, source, clock()))
    return pourAnswer(c, answer, { ended: authorised.signal, sent: buffers.giveBack })
  }

  /** A download that breaks because an image is gone or another one has its study prepared anew: the next one is whole. */
  async function* noticing(studies: ViewableStudy[], chunks: AsyncIterable<Uint8Array>) {
    try {
      yield* chunks
    } catch (error) {
      const isGone = error instanceof AppError && error.code === 'images.unavailable'
      if (isGone || error instanceof DiscSourceError) {
        await recheckStudies(dependencies, studies, { certain: true }).catch(() => undefined)
      }
      throw error
    }
  }

  async function planOf(viewer: Viewer, online: Viewer['online'][number]): Promise<FoundDisc> {
    const studies = await viewableStudies(db, [online])
    if (studies.length === 0 && !online.exam.imagesExpected) throw new AppError('not_found')
    const preparation = await findPreparation(db, studies)
    const data = await findViewerData(db, derived, studies)
    const unfinished = studies.length === 0 || studies.some(({ state }) => state !== 'stable')
    if (!preparation.ready || !data.ready || unfinished)
      return { studies, ready: null, plan: null, preparing: progressOf([preparation, data], studies) }
    const ready = { viewer, online, preparation, data }
    return { studies, ready, plan: await plan(ready) }
  }

  async function compactPlan({ studies, ready }: FoundDisc): Promise<DiscPlan | null> {
    if (!ready) return null
    const compact = await findCompact(db, derived, studies)
    return compact.state === 'ready' ? plan({ ...ready, compact }) : null
  }

  /** What the page says of the compact disc; null where it would hardly be smaller. */
  async function compactOffer(found: FoundDisc, publicationId: string): Promise<CompactOffer | null> {
    const approximateBytes = found.plan && compactEstimate(found.plan)
    if (!approximateBytes) return null
    const path = `/referti/${publicationId}/disco-compatto`
    const compact = await findCompact(db, derived, found.studies)
    if (compact.state === 'not asked') return { state: 'not asked', approximateBytes, action: path }
    if (compact.state === 'preparing') {
      const { done, total } = compact
      return { state: 'preparing', approximateBytes, done, total }
    }
    const planned = await compactPlan(found)
    return planned && { state: 'ready', medium: planned.medium, downloads: downloadsOf(planned, path) }
  }
}

/**
 * A download that begins or goes on when its session is over. Led to the PINs a browser would save that page as the disc, and at 401
 * or 403 Chromium deletes what it has; after this it goes on by "Resume", once the person has entered again.
 */
function comeBack(): Response {
  return new Response(null, { status: 503, headers: { 'retry-after': '60', 'cache-control': 'no-store' } })
}

/** What the page offers, what suits the visitor's device best first. */
function readyDisc(
  plan: DiscPlan,
  compact: CompactOffer | null,
  publicationId: string,
  headers: Headers,
): ReadyDisc {
  const { medium, profile } = plan
  const zipFirst = profile.hugeFile || opensNoIso(headers)
  const suited = (downloads: DiscDownload[]) => (zipFirst ? downloads.toReversed() : downloads)
  return {
    downloads: suited(downloadsOf(plan, `/referti/${publicationId}/disco`)),
    compact: compact?.state === 'ready' ? { ...compact, downloads: suited(compact.downloads) } : compact,
    ...{ medium, profile },
  }
}

const downloadsOf = (plan: DiscPlan, path: string): DiscDownload[] =>
  (['iso', 'zip'] as const).map((packing) => ({
    packing,
    url: `${path}.${packing}`,
    fileName: plan[packing].fileName,
    sizeBytes: plan[packing].size,
  }))

type FoundDisc = {
  studies: ViewableStudy[]
  plan: DiscPlan | null
  /** What the plan was made of. */
  ready: Parameters<ReturnType<typeof discPlanner>>[0] | null
  preparing?: { done: number; total: number }
}

/** Two steps, each as long as the study: manifests, then what the viewer shows. Told in images, of half a step each. */
function progressOf(
  steps: readonly ({ ready: true } | { ready: false; done: number })[],
  studies: ViewableStudy[],
): { done: number; total: number } {
  const total = studies.reduce((sum, { instanceCount }) => sum + instanceCount, 0)
  const done = steps.reduce((sum, step) => sum + (step.ready ? total : step.done), 0)
  // What is all done but unfinished waits for more images.
  return { done: done < total * steps.length ? Math.floor(done / steps.length) : 0, total }
}
