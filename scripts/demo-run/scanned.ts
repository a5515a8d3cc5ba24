import { join } from 'node:path'
import {
  type AssignedStudy,
  assignAccessionNumbers,
  scanDirectory,
  setAccessionNumber,
} from '../demo-data/scan.ts'
import type { PlayedVisit } from './visits.ts'

// What a visit needs and old test images often lack: marked as unknown, never guessed.
const UNKNOWN_BIRTH_DATE = '1900-01-01'

/** The visits that a directory of DICOM files amounts to: one an Accession Number; files without one are copied with one set. */
export async function scannedVisits(
  directory: string,
  copies: string,
  say: (text: string) => void,
): Promise<PlayedVisit[]> {
  const { studies, ignored } = await scanDirectory(directory)
  if (studies.length === 0) throw new Error(`There are no DICOM files in ${directory}.`)
  if (ignored.length > 0) say(`${ignored.length} file(s) are no DICOM objects and are left out.`)
  const byAccession = Map.groupBy(assignAccessionNumbers(studies), ({ accessionNumber }) => accessionNumber)
  const visits: PlayedVisit[] = []
  for (const [accessionNumber, ofVisit] of byAccession) {
    const files: string[] = []
    for (const study of ofVisit) files.push(...(await filesOf(study, join(copies, accessionNumber))))
    visits.push(visitOf(accessionNumber, ofVisit, files))
  }
  return visits
}

async function filesOf(study: AssignedStudy, copies: string): Promise<string[]> {
  if (!study.changed) return study.files
  return setAccessionNumber(study.files, join(copies, study.studyInstanceUid), study.accessionNumber)
}

function visitOf(accessionNumber: string, studies: AssignedStudy[], files: string[]): PlayedVisit {
  const [study] = studies
  if (!study) throw new Error('a visit without studies')
  // PS3.5 §6.2.1: alphabetic, ideographic and phonetic groups; family, given and further components.
  const [familyName = '', givenName = ''] = (study.patient.name.split('=')[0] ?? '')
    .split('^')
    .map((part) => part.trim())
  const modalities = [...new Set(studies.flatMap((each) => each.modalities))].join(', ')
  const exam = study.description.trim() || `Esame radiologico ${modalities}`.trim()
  return {
    accessionNumber,
    patient: {
      familyName: familyName || 'Paziente',
      givenName: givenName || 'Sconosciuto',
      birthDate: study.patient.birthDate ?? UNKNOWN_BIRTH_DATE,
      birthPlace: '',
      taxCode: '',
      patientId: study.patient.patientId,
      sex: ['M', 'F', 'O'].includes(study.patient.sex) ? study.patient.sex : '',
    },
    exam,
    examDate: study.studyDate ?? new Date().toISOString().slice(0, 10),
    reportText: `Referto dimostrativo.\n\nReperti: immagini fornite per la prova del portale (${modalities}).\n\nConclusioni: documento senza valore clinico.`,
    files,
  }
}
