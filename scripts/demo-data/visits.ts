import type { DemoPatient, DemoStudy } from './dicom.ts'
import { type GenerateTask, generateStudy } from './generate.ts'

/** A visit of the demo: what the RIS would say of it, what the modality makes, what the radiologist writes. */
export type DemoVisit = {
  accessionNumber: string
  patient: DemoPatient & {
    familyName: string
    givenName: string
    birthPlace: string
    taxCode: string
  }
  exam: string
  reportText: string
  /** Makes its images, in a thread of their own. */
  generate: (study: DemoStudy & { slices?: number }) => ReturnType<typeof generateStudy>
}

/** The radiologist whose demo certificate signs the reports. */
export const DEMO_PHYSICIAN = {
  title: 'Dott.ssa',
  familyName: 'Bianchi',
  givenName: 'Giulia',
  taxCode: 'BNCGLI70A41Z998C',
}

// Z998 is no municipality and no country of the tax office's list: these codes belong to nobody.
export const DEMO_VISITS: DemoVisit[] = [
  {
    accessionNumber: 'DEMO-TC-0001',
    patient: {
      name: 'ROSSI^MARIO',
      familyName: 'Rossi',
      givenName: 'Mario',
      patientId: 'DEMO-000101',
      birthDate: '1957-03-14',
      birthPlace: 'Borgo Dimostrativo',
      sex: 'M',
      taxCode: 'RSSMRA57C14Z998L',
    },
    exam: 'TC TORACE CON MDC',
    generate: generator('ct'),
    reportText: `Quesito clinico: tosse persistente.

Tecnica: esame eseguito con acquisizione volumetrica dal collo all’addome superiore, in fase venosa dopo somministrazione endovenosa di mezzo di contrasto iodato. Ricostruzioni di 1 mm con algoritmo per parti molli.

Reperti: non si osservano addensamenti parenchimali a carattere evolutivo in ambo gli ambiti polmonari. Trachea e bronchi principali pervi, di calibro regolare. Non versamento pleurico né pericardico.
Aorta toracica di calibro conservato in tutti i tratti. Tronco comune e rami principali dell’arteria polmonare opacizzati in modo omogeneo. Cavità cardiache nei limiti.
Non linfoadenomegalie ilo-mediastiniche. In sede ascellare, bilateralmente, alcuni linfonodi di dimensioni inferiori al centimetro, con ilo adiposo conservato.
Nei piani passanti per l’addome superiore, fegato, milza e reni regolari per morfologia e densità; colecisti distesa, alitiasica.
Non lesioni ossee focali a carattere aggressivo.

Conclusioni: esame TC del torace nei limiti della norma. Utile correlazione con il quadro clinico.`,
  },
  {
    accessionNumber: 'DEMO-RM-0002',
    patient: {
      name: 'DE NICOLÒ^MARIA LUCÌA',
      familyName: 'De Nicolò',
      givenName: 'Maria Lucìa',
      patientId: 'DEMO-000102',
      birthDate: '1984-06-21',
      birthPlace: 'Borgo Dimostrativo',
      sex: 'F',
      taxCode: 'DNCMLC84H61Z998H',
    },
    exam: 'RM GINOCCHIO DX (ESAME DIRETTO)',
    generate: generator('mr'),
    reportText: `Quesito clinico: gonalgia mediale dopo trauma distorsivo.

Tecnica: esame eseguito con bobina dedicata, sequenze PD con soppressione del grasso sui piani sagittale e assiale, T1 sul piano sagittale e T2 sul piano coronale.

Reperti: al corno posteriore del menisco mediale si apprezza una sottile rima di iperintensità a decorso obliquo che raggiunge la superficie articolare inferiore, come per lesione di III grado. Menisco laterale regolare.
Legamenti crociati e collaterali continui, di segnale e spessore conservati. Tendine quadricipitale e tendine rotuleo nei limiti.
Cartilagini di rivestimento femoro-tibiali e femoro-rotulee di spessore conservato. Modesta quota di versamento articolare nel recesso sottoquadricipitale.
Non aree di alterato segnale della spongiosa ossea riferibili a edema post-traumatico. Cavo popliteo libero.

Conclusioni: lesione obliqua del corno posteriore del menisco mediale; modesto versamento articolare.`,
  },
]

function generator(kind: GenerateTask['kind']): DemoVisit['generate'] {
  return (study) => generateStudy({ ...study, kind })
}
