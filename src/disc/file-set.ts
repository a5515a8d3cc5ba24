import type { ImagesSummary } from './content.ts'
import type { Keys } from './dicom/instance.ts'
import { keyName, TAG } from './dicom/keys.ts'
import { derivedUid } from './dicom/part10.ts'
import { ROOT_RECORDS } from './dicom/record-type.ts'
import { decodeText } from './dicom/text.ts'
import { meaningful } from './dicom/value.ts'
import type { Manifest, ManifestInstance } from './manifest.ts'

/** A DICOM File-set: who, which Study, which Series, which files (PS3.10 §8, PS3.3 §F.4). */
export type FileSet = {
  readonly patients: readonly PatientEntity[]
  /** Instances that belong to no patient. */
  readonly others: readonly PlacedInstance[]
}
export type PatientEntity = {
  readonly patientId: string
  readonly keys: Keys
  readonly studies: readonly StudyEntity[]
}
export type StudyEntity = {
  readonly studyInstanceUid: string
  readonly keys: Keys
  readonly series: readonly SeriesEntity[]
}
export type SeriesEntity = {
  readonly seriesInstanceUid: string
  readonly keys: Keys
  readonly instances: readonly PlacedInstance[]
}
export type PlacedInstance = {
  readonly instance: ManifestInstance
  /** Components of the File ID: at most eight of at most eight characters A–Z 0–9 _ (PS3.10 §8.2, PS3.12 §F). */
  readonly fileId: readonly string[]
}

/** Directories hold no more files than this: Windows and old readers crawl on directories of many thousands. */
const FILES_PER_DIRECTORY = 1000

/**
 * Orders the instances of some studies and gives each its File ID. What several instances say of their patient,
 * study or series is taken from the one that says most. The order of the manifests' instances does not matter.
 */
export function arrangeFileSet(manifests: readonly Manifest[]): FileSet {
  const all = manifests.flatMap(withKeys).sort(byIdentity)
  const ofPatients = all.filter(({ instance }) => !ROOT_RECORDS.has(instance.recordType))
  const patients = groupBy(ofPatients, ({ studyUid }) => studyUid)
    .map(arrangeStudy)
    .reduce(collectPatients, [])
    .sort((a, b) => compareText(a.patientId, b.patientId))

  const others = all.filter(({ instance }) => ROOT_RECORDS.has(instance.recordType))
  return {
    patients: patients.map((patient, index) => placePatient(patient, ['DICOM', numbered('PT', index)])),
    others: place(
      others.map(({ instance }) => instance),
      ['DICOM', 'OTHER'],
    ),
  }
}

/** All instances of a File-set, in the order of its directory. */
export function* placedInstances(fileSet: FileSet): Generator<PlacedInstance> {
  for (const { studies } of fileSet.patients) {
    for (const { series } of studies) for (const { instances } of series) yield* instances
  }
  yield* fileSet.others
}

/** The series for a person to read: number, kind, description, how many files. */
export function summariseSeries({ patients }: FileSet): ImagesSummary['series'] {
  return patients.flatMap(({ studies }) =>
    studies.flatMap(({ series }) =>
      series.map(({ keys, instances }) => {
        const text = (tag: number) =>
          decodeText(keys[keyName(tag)] ?? '', keys[keyName(TAG.specificCharacterSet)] ?? '')
        return {
          number: text(TAG.seriesNumber),
          modality: text(TAG.modality),
          description: text(TAG.seriesDescription),
          instanceCount: instances.length,
        }
      }),
    ),
  )
}

type Described = {
  instance: ManifestInstance
  patient: Keys
  study: Keys
  series: Keys
  studyUid: string
  seriesUid: string
  /** What instances of a series are sorted by. */
  number: number
  order: string
}
type Study = { studyInstanceUid: string; patient: Keys; keys: Keys; series: Series[] }
type Series = { seriesInstanceUid: string; keys: Keys; instances: ManifestInstance[] }
type Patient = { patientId: string; keys: Keys; studies: Study[] }

function withKeys(manifest: Manifest): Described[] {
  return manifest.instances.map((instance) => {
    const patient = manifest.patients[instance.patient] ?? {}
    const study = manifest.studies[instance.study] ?? {}
    const series = manifest.series[instance.series] ?? {}
    // An instance without them makes a study and a series of its own kind: one per patient, one per modality.
    const patientId = patient[keyName(TAG.patientId)] ?? ''
    const studyUid = uidOf(study, TAG.studyInstanceUid) ?? derivedUid(`study of ${patientId}`)
    const seriesUid =
      uidOf(series, TAG.seriesInstanceUid) ?? derivedUid(`${studyUid} ${series[keyName(TAG.modality)] ?? ''}`)
    return {
      instance,
      patient,
      study,
      series,
      studyUid,
      seriesUid,
      number: numberOf(instance.keys, TAG.instanceNumber),
      order: sortable(instance.sopInstanceUid),
    }
  })
}

const uidOf = (keys: Keys, tag: number): string | null => meaningful(keys[keyName(tag)], 'UI')

function arrangeStudy([studyInstanceUid, members]: [string, Described[]]): Study {
  const series = groupBy(members, ({ seriesUid }) => seriesUid).map(
    ([seriesInstanceUid, ofSeries]): Series => ({
      seriesInstanceUid,
      keys: mostTelling(ofSeries.map((member) => member.series)),
      instances: withoutCopies(ofSeries.toSorted(byInstanceNumber).map(({ instance }) => instance)),
    }),
  )
  return {
    studyInstanceUid,
    patient: mostTelling(members.map(({ patient }) => patient)),
    keys: mostTelling(members.map(({ study }) => study)),
    series: series.sort(
      (a, b) =>
        numberOf(a.keys, TAG.seriesNumber) - numberOf(b.keys, TAG.seriesNumber) ||
        compareText(sortable(a.seriesInstanceUid), sortable(b.seriesInstanceUid)),
    ),
  }
}

// PS3.3 §F.5.1: a Patient ID stands in one record only; §F.5.2: so does a Study.
function collectPatients(patients: Patient[], study: Study): Patient[] {
  const given = meaningful(study.patient[keyName(TAG.patientId)], 'LO')
  const name = meaningful(study.patient[keyName(TAG.patientName)], 'PN') ?? ''
  // Without a Patient ID the name is all that tells people apart; the UID keeps the invented ID from being somebody's.
  const patientId = given ?? `NOID.${derivedUid(name).slice(-8)}`
  const known = patients.find((patient) => patient.patientId === patientId)
  if (!known) return [...patients, { patientId, keys: study.patient, studies: [study] }]
  known.studies.push(study)
  known.keys = mostTelling([known.keys, study.patient])
  return patients
}

/**
 * One file for each SOP Instance UID of a series: where the archive holds it in several encodings, the one that
 * most readers can open.
 */
function withoutCopies(instances: readonly ManifestInstance[]): ManifestInstance[] {
  const byUid = new Map<string, ManifestInstance>()
  for (const instance of instances) {
    const known = byUid.get(instance.sopInstanceUid)
    if (!known || readability(instance) < readability(known)) byUid.set(instance.sopInstanceUid, instance)
  }
  return [...byUid.values()]
}

const readability = ({ transferSyntaxUid }: ManifestInstance): number =>
  transferSyntaxUid === '1.2.840.10008.1.2.1' ? 0 : 1

function placePatient({ patientId, keys, studies }: Patient, at: string[]): PatientEntity {
  return {
    patientId,
    keys,
    studies: studies.sort(byStudyDate).map((study, studyIndex) => ({
      studyInstanceUid: study.studyInstanceUid,
      keys: study.keys,
      series: study.series.map((series, seriesIndex) => ({
        seriesInstanceUid: series.seriesInstanceUid,
        keys: series.keys,
        instances: place(series.instances, [...at, numbered('ST', studyIndex), numbered('SE', seriesIndex)]),
      })),
    })),
  }
}

function place(instances: readonly ManifestInstance[], at: readonly string[]): PlacedInstance[] {
  const split = instances.length > FILES_PER_DIRECTORY
  return instances.map((instance, index) => {
    const part = split ? [numbered('GR', Math.floor(index / FILES_PER_DIRECTORY))] : []
    return { instance, fileId: [...at, ...part, numbered('IM', index)] }
  })
}

const numbered = (prefix: string, index: number): string => `${prefix}${String(index).padStart(6, '0')}`

/** Of several accounts of the same thing, the one that leaves least out; the first of equals. */
function mostTelling(accounts: readonly Keys[]): Keys {
  const told = (keys: Keys) => Object.values(keys).filter((value) => /[^\0 ]/.test(value)).length
  let best: Keys = {}
  let bestTold = -1
  for (const keys of new Set(accounts)) {
    const count = told(keys)
    if (count <= bestTold) continue
    best = keys
    bestTold = count
  }
  return best
}

function groupBy<T>(members: readonly T[], key: (member: T) => string): [string, T[]][] {
  return [...Map.groupBy(members, key)]
}

function byIdentity({ instance: a }: Described, { instance: b }: Described): number {
  return compareText(a.sopInstanceUid, b.sopInstanceUid) || compareText(a.sha256, b.sha256)
}

function byInstanceNumber(a: Described, b: Described): number {
  return a.number - b.number || compareText(a.order, b.order)
}

function byStudyDate(a: Study, b: Study): number {
  const when = ({ keys }: Study) =>
    (keys[keyName(TAG.studyDate)] ?? '') + (keys[keyName(TAG.studyTime)] ?? '')
  return (
    compareText(when(a), when(b)) || compareText(sortable(a.studyInstanceUid), sortable(b.studyInstanceUid))
  )
}

/** What has no number comes after what has one; both finite, so that they can be subtracted. */
function numberOf(keys: Keys, tag: number): number {
  const value = meaningful(keys[keyName(tag)], 'IS')
  return value === null ? Number.MAX_SAFE_INTEGER : Number(value)
}

/** A UID whose order as text is that of its components as numbers: ….9 before ….10. */
const sortable = (uid: string): string =>
  uid.replace(/[^.]+/g, (component) => String.fromCharCode(component.length) + component)

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
