import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dicomFile, type Elements } from '../support/dicom.ts'
import { code, contentItem } from '../support/structured-report.ts'

/** Twelve leads of 2 s at 100 Hz, in microvolts of 5 a step: 1 mV in lead I from 0.5 s to 1 s, naught everywhere else. */
export function electrocardiogram(): Elements {
  const samples = new Int16Array(200 * 12)
  for (let at = 50; at < 100; at++) samples[at * 12] = 200
  const leads = ['I', 'II', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6']
  const channels = leads.map(
    (lead): Elements => [
      [0x003a0208, 'SQ', code('MDC', `Lead ${lead}${lead === 'I' ? ' (Einthoven)' : ''}`)],
      [0x003a0210, 'DS', '5'],
      [0x003a0211, 'SQ', code('uV', 'microvolt')],
      [0x003a0212, 'DS', '1'],
      [0x003a0213, 'DS', '0'],
      [0x003a021a, 'US', [16]],
      [0x003a0220, 'DS', '0.05'],
      [0x003a0221, 'DS', '150'],
    ],
  )
  const group: Elements = [
    [0x003a0005, 'US', [12]],
    [0x003a0010, 'UL', [200]],
    [0x003a001a, 'DS', '100'],
    [0x003a0020, 'SH', 'RHYTHM'],
    [0x003a0200, 'SQ', { items: channels }],
    [0x54001004, 'US', [16]],
    [0x54001006, 'CS', 'SS'],
    [0x54001010, 'OW', new Uint8Array(samples.buffer)],
  ]
  const rate: Elements = [
    [0x0040a043, 'SQ', code('2:16016', 'Heart Rate')],
    [0x004008ea, 'SQ', code('/min', 'per minute')],
    [0x0040a30a, 'DS', '72'],
  ]
  return sorted([
    ...head('1.2.840.10008.5.1.4.1.1.9.1.1', 'ECG', 1),
    [0x0040b020, 'SQ', { items: [rate] }],
    [0x54000100, 'SQ', { items: [group] }],
  ])
}

/** A report of two levels: words with accents, a measurement, and a date. */
export function structuredReport(): Elements {
  const content: Elements[] = [
    contentItem('TEXT', 'Reperto', [[0x0040a160, 'UT', 'Non lesioni à 3\\4 del fegato']]),
    contentItem('CONTAINER', 'Misure', [
      [
        0x0040a730,
        'SQ',
        {
          items: [
            contentItem('NUM', 'Diametro', [
              [
                0x0040a300,
                'SQ',
                {
                  items: [
                    [
                      [0x004008ea, 'SQ', code('mm', 'millimetri')],
                      [0x0040a30a, 'DS', '12.50'],
                    ],
                  ],
                },
              ],
            ]),
          ],
        },
      ],
    ]),
  ]
  return sorted([
    ...head('1.2.840.10008.5.1.4.1.1.88.22', 'SR', 2),
    [0x0040a040, 'CS', 'CONTAINER'],
    [0x0040a043, 'SQ', code('121', 'Ecografia epatica')],
    [0x0040a491, 'CS', 'COMPLETE'],
    [0x0040a493, 'CS', 'UNVERIFIED'],
    [0x0040a730, 'SQ', { items: content }],
  ])
}

/** A PDF as a DICOM object (PS3.3 §A.45). */
export function encapsulatedPdf(pdf: Uint8Array): Elements {
  return [
    ...head('1.2.840.10008.5.1.4.1.1.104.1', 'DOC', 3),
    [0x00420010, 'ST', 'Scheda di dimissione'],
    [0x00420011, 'OB', pdf],
    [0x00420012, 'LO', 'application/pdf'],
  ]
}

/** The three in a folder. */
export async function writeSheetFolder(directory: string, pdf: Uint8Array): Promise<void> {
  const all = [electrocardiogram(), structuredReport(), encapsulatedPdf(pdf)]
  for (const [at, elements] of all.entries()) await writeFile(join(directory, `D${at}`), dicomFile(elements))
}

const sorted = (elements: Elements): Elements => [...elements].sort(([a], [b]) => a - b)

function head(sopClass: string, modality: string, series: number): Elements {
  return [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', `1.2.8.${series}.1`],
    [0x00080020, 'DA', '20260504'],
    [0x00080023, 'DA', '20260504'],
    [0x00080033, 'TM', '1130'],
    [0x00080060, 'CS', modality],
    [0x00100010, 'PN', 'Verdi^Anna'],
    [0x00100020, 'LO', 'P-1'],
    [0x00100030, 'DA', '19700102'],
    [0x0020000d, 'UI', '1.2.8'],
    [0x0020000e, 'UI', `1.2.8.${series}`],
    [0x00200011, 'IS', String(series)],
    [0x00200013, 'IS', '1'],
  ]
}
