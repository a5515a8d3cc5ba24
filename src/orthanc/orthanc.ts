import { Pool } from 'undici'
import { AppError } from '../errors.ts'
import { readStoredBytes, readStoredFile, streamStoredFile } from './storage-folder.ts'
import { type Allocate, createWholeFileClient, UnfamiliarAnswerError, type WholeFile } from './whole-files.ts'

/** An answer of Orthanc still to be read: `body` must be consumed or destroyed. */
export type OrthancResponse = Awaited<ReturnType<Pool['request']>>

export type OrthancStudy = {
  orthancId: string
  studyInstanceUid: string
  accessionNumber: string
  patientBirthDate: string | null
  description: string | null
  stable: boolean
  seriesCount: number
  instanceCount: number
  sizeBytes: number
}

/** `fileUuid` is the name of its file in Orthanc's storage folder. */
export type OrthancInstance = { orthancId: string; fileUuid: string | undefined; fileSize: number }

export type Change = { seq: number; type: string; resource: string; id: string; date: string }

/** An event of Orthanc's, for us to tell whether it is the one we know. */
export const sameChange = (one: Change, other: Change): boolean =>
  one.type === other.type && one.id === other.id && one.date === other.date

/** Where and as whom Orthanc is reached, and the few calls this gateway ever makes of it (S46). */
export type Orthanc = ReturnType<typeof createOrthanc>

/** Fewer than the threads by which Orthanc answers (50, `HttpThreadsCount`). */
const MOST_STREAMS = 32

/** A client of one Orthanc. Any failure to reach or to be let in is `pacs.unavailable`. */
export function createOrthanc(options: {
  url: string
  user: string
  password: string
  connections?: number
  /** Orthanc's own storage folder, where it can be read. */
  storageDir?: string | undefined
}) {
  const base = new URL(options.url)
  const connectionsOf = {
    // Orthanc's keep-alive says one second, less undici's default margin: without this each request opens a connection.
    keepAliveTimeoutThreshold: 200,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
    connectTimeout: 5_000,
  }
  const pool = new Pool(base.origin, { ...connectionsOf, connections: options.connections ?? 12 })
  // Of their own: who stalls over a large file holds a connection until Orthanc gives it up, and nobody else's.
  const streams = new Pool(base.origin, { ...connectionsOf, connections: MOST_STREAMS })
  const root = base.pathname.replace(/\/+$/, '')
  const authorization = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`

  const files = createWholeFileClient({
    base,
    authorization,
    connections: options.connections ?? 12,
    idleMs: 800,
    timeoutMs: 60_000,
  })

  /** A file whole, by the client that only knows that, or by the common one where the answer is none for it. */
  async function wholeFile(path: string, signal?: AbortSignal, allocate?: Allocate): Promise<WholeFile> {
    try {
      return await files.get(root + path, signal, allocate)
    } catch (error) {
      if (!(error instanceof UnfamiliarAnswerError)) throw error
    }
    const { statusCode, body } = await get(path, {}, signal)
    return { status: statusCode, bytes: await body.bytes() }
  }

  const get = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal, by = pool) =>
    request({ method: 'GET', path, headers }, signal, by)

  async function request(
    {
      path,
      headers,
      ...rest
    }: { path: string; headers: Record<string, string> } & (
      | { method: 'GET' }
      | { method: 'POST'; body: string }
    ),
    signal?: AbortSignal,
    by = pool,
  ): Promise<OrthancResponse> {
    try {
      const response = await by.request({
        ...rest,
        path: root + path,
        headers: { authorization, ...headers },
        ...(signal ? { signal } : {}),
      })
      if (response.statusCode !== 401 && response.statusCode !== 403) return response
      await discard(response)
    } catch (error) {
      if (signal?.aborted) throw error
      throw new AppError('pacs.unavailable', 'Orthanc does not answer.', {}, { cause: error })
    }
    throw new AppError(
      'pacs.unavailable',
      'Orthanc refuses the gateway’s credentials: check ORTHANC_USER and ORTHANC_PASSWORD.',
    )
  }

  async function instanceStream(
    orthancId: string,
    signal?: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | null> {
    const { statusCode, body } = await get(`/instances/${id(orthancId)}/file`, {}, signal, streams)
    if (statusCode === 200) return body
    await body.dump().catch(() => undefined)
    if (statusCode === 404) return null
    throw new AppError('pacs.unavailable', `Orthanc answered ${statusCode}.`)
  }

  /** Parsed JSON, or null on 404. */
  async function json<Body>(path: string, question?: object): Promise<Body | null> {
    const response = question
      ? await request({ method: 'POST', path, headers: {}, body: JSON.stringify(question) })
      : await get(path)
    if (response.statusCode === 404) {
      await discard(response)
      return null
    }
    if (response.statusCode !== 200) {
      await discard(response)
      throw new AppError('pacs.unavailable', `Orthanc answered ${response.statusCode}.`)
    }
    try {
      return (await response.body.json()) as Body
    } catch (error) {
      throw new AppError('pacs.unavailable', 'Orthanc’s answer broke off.', {}, { cause: error })
    }
  }

  return {
    /** Version and name, to check at start (S46). */
    async system(): Promise<{ version: string }> {
      const system = await json<{ Version?: string }>('/system')
      return { version: system?.Version ?? 'unknown' }
    },

    /** Does it answer a stranger? It must not (S46). */
    async answersWithoutCredentials(): Promise<boolean> {
      try {
        const { statusCode, body } = await pool.request({ method: 'GET', path: `${root}/system` })
        await body.dump().catch(() => undefined)
        return statusCode < 400
      } catch (error) {
        throw new AppError('pacs.unavailable', 'Orthanc does not answer.', {}, { cause: error })
      }
    },

    /** Up to `limit` changes after `since`; `last` is the newest sequence number Orthanc has. */
    async changes(since: number, limit: number): Promise<{ changes: Change[]; done: boolean; last: number }> {
      const answer = await json<ChangesAnswer>(`/changes?since=${since}&limit=${limit}`)
      if (!answer) throw new AppError('pacs.unavailable', 'Orthanc has no /changes.')
      const changes = answer.Changes.map(({ Seq, ChangeType, ResourceType, ID, Date: date }) => ({
        seq: Seq,
        type: ChangeType,
        resource: ResourceType,
        id: ID,
        date,
      }))
      return { changes, done: answer.Done, last: answer.Last }
    },

    /** What there is of a study; null where the archive has it no more. */
    async study(orthancId: string): Promise<OrthancStudy | null> {
      const study = await json<StudyAnswer>(`/studies/${id(orthancId)}`)
      const statistics = study && (await json<StatisticsAnswer>(`/studies/${id(orthancId)}/statistics`))
      if (!study || !statistics) return null
      return {
        orthancId,
        studyInstanceUid: study.MainDicomTags.StudyInstanceUID ?? '',
        accessionNumber: (study.MainDicomTags.AccessionNumber ?? '').trim(),
        patientBirthDate: study.PatientMainDicomTags?.PatientBirthDate?.trim() || null,
        description: study.MainDicomTags.StudyDescription?.trim() || null,
        stable: study.IsStable,
        seriesCount: statistics.CountSeries,
        instanceCount: statistics.CountInstances,
        sizeBytes: Number(statistics.DicomDiskSize ?? statistics.DiskSize),
      }
    },

    /** The studies that some instances belong to; an instance that is gone belongs to none. */
    async studiesOf(instances: string[]): Promise<string[]> {
      if (instances.length === 0) return []
      const question = { Resources: instances.map(id), Level: 'Study', Short: true }
      const found = await json<{ ID: string }[]>('/tools/bulk-content', question)
      return [...new Set(found?.map(({ ID }) => ID))]
    },

    /** A study's instances, sorted by Orthanc's ids; null where the study is gone. */
    async instances(orthancId: string): Promise<OrthancInstance[] | null> {
      const instances = await json<InstanceAnswer[]>(`/studies/${id(orthancId)}/instances`)
      const told = instances?.map(({ ID, FileUuid, FileSize }) => ({
        orthancId: ID,
        fileUuid: FileUuid,
        // Of one that does not tell it, nothing is known but that most are small.
        fileSize: Number(FileSize ?? 0),
      }))
      return told?.sort((a, b) => (a.orthancId < b.orthancId ? -1 : 1)) ?? null
    },

    /** The DICOM file of an instance as stored; null where it is gone. */
    async instanceFile(
      orthancId: string,
      signal?: AbortSignal,
      allocate?: Allocate,
    ): Promise<Uint8Array | null> {
      const { status, bytes } = await wholeFile(`/instances/${id(orthancId)}/file`, signal, allocate).catch(
        (error) => {
          if (signal?.aborted || error instanceof AppError) throw error
          throw new AppError(
            'pacs.unavailable',
            'An instance did not come from Orthanc.',
            {},
            { cause: error },
          )
        },
      )
      if (status === 200) return bytes
      if (status === 404) return null
      throw new AppError('pacs.unavailable', `Orthanc answered ${status}.`)
    },

    /** The same as it comes, for files that are too large to be held; null where it is gone. */
    instanceStream,

    /**
     * The same from `start` on, from the storage folder where it can be read there. From later than 0 only if it is the
     * file that the archive called `fileUuid`, of that size, and the archive knows Range (Orthanc from 1.12.6 on); else all.
     */
    async instanceFrom(
      { orthancId, fileUuid, size }: { orthancId: string; fileUuid: string | undefined; size: number },
      start: number,
      signal: AbortSignal,
      allocate: Allocate = (length) => Buffer.allocUnsafeSlow(length),
    ): Promise<{ start: number; pieces: AsyncIterable<Uint8Array> } | null> {
      const where = { fileUuid, size: start > 0 ? size : undefined, start }
      const pieces = await streamStoredFile(options.storageDir, where, allocate)
      if (pieces) return { start, pieces }
      if (start > 0 && fileUuid) {
        const path = `/instances/${id(orthancId)}/attachments/dicom/data`
        const { statusCode, headers, body } = await get(path, { range: `bytes=${start}-` }, signal, streams)
        const isIt =
          statusCode === 206 &&
          headers['content-range'] === `bytes ${start}-${size - 1}/${size}` &&
          // Orthanc names an attachment by its file, which is never written twice.
          String(headers['content-disposition'] ?? '').includes(fileUuid)
        if (isIt) return { start, pieces: body }
        body.destroy()
      }
      const stream = await instanceStream(orthancId, signal)
      return stream && { start: 0, pieces: stream }
    },

    /** The same from Orthanc's storage folder: null where it is not there. To be compared with what is expected. */
    storedFile:
      options.storageDir === undefined
        ? undefined
        : (fileUuid: string | undefined, allocate?: Allocate) =>
            readStoredFile(options.storageDir, fileUuid, allocate),

    /** Some bytes of such a file. Null where it is not there, or not as long as it was. */
    storedBytes: (where: Parameters<typeof readStoredBytes>[1]) =>
      options.storageDir === undefined ? null : readStoredBytes(options.storageDir, where),

    /** A DICOMweb request, whose path was rebuilt from checked identifiers and never taken from the visitor. */
    dicomWeb: (path: string, headers: Record<string, string>, signal: AbortSignal) =>
      get(`/dicom-web${path}`, headers, signal),

    /** Orthanc's DICOMweb root, as it stands in the URLs it writes. */
    dicomWebRoot: `${base.origin}${root}/dicom-web`,

    close: () => {
      files.close()
      return Promise.all([pool.destroy(), streams.destroy()])
    },
  }
}

type ChangesAnswer = {
  Changes: { Seq: number; ChangeType: string; ResourceType: string; ID: string; Date: string }[]
  Done: boolean
  Last: number
}
type StudyAnswer = {
  MainDicomTags: { StudyInstanceUID?: string; AccessionNumber?: string; StudyDescription?: string }
  PatientMainDicomTags?: { PatientBirthDate?: string }
  IsStable: boolean
}
type InstanceAnswer = { ID: string; FileUuid?: string; FileSize?: number | string }
type StatisticsAnswer = {
  CountSeries: number
  CountInstances: number
  DiskSize: string
  DicomDiskSize?: string
}

// What is not read must still be drained, and may break off while it is.
const discard = (response: OrthancResponse) => response.body.dump().catch(() => undefined)

function id(orthancId: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{8}){4}$/.test(orthancId)) throw new AppError('not_found')
  return orthancId
}
