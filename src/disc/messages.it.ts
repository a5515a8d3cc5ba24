import type { Profile } from './application-profile.ts'

/** Texts on the disc. The person holds it in their hands: formal "Lei", as on paper. */
export const it = {
  title: 'Esami radiologici',
  autorunLabel: 'Esami radiologici',
  patient: 'Informazioni paziente',
  name: 'Cognome e nome',
  birthDate: 'Data di nascita',
  exams: 'Prestazioni eseguite',
  examOf: (date: string) => `Esame del ${date}`,
  openReport: 'Apri il referto (PDF)',
  signedReport: 'Referto firmato digitalmente (.p7m)',
  noReport: 'Referto non presente su questo disco.',
  legalNote: 'Si informa che solo i file firmati digitalmente hanno valore legale.',
  p7mNote:
    'Il file .p7m si apre con i programmi gratuiti per la firma digitale; il contenuto è lo stesso del PDF.',
  images: 'Immagini',
  imagesCount: (images: number, series: number) =>
    `${count(images, 'file', 'file')} in ${count(series, 'serie', 'serie')}, in formato DICOM nella cartella `,
  openViewer: 'Guarda le immagini',
  viewerNote:
    'Si apre in questo browser, senza installare nulla e senza Internet. Non è destinato alla diagnosi, se non su uno schermo idoneo.',
  noImages: 'Su questo disco non ci sono immagini.',
  seriesNumber: 'Serie',
  modality: 'Tipo',
  description: 'Descrizione',
  files: 'File',
  moreSeries: (more: number) => `e altre ${more} serie`,
  howTo: 'Come vedere le immagini',
  howToViewer: 'Il pulsante «Guarda le immagini» qui sopra le mostra in questo browser.',
  howToIntro:
    'Le immagini si aprono anche con un programma per immagini mediche DICOM, lo stesso formato che usa ogni ospedale. Nel programma scelga «Apri DICOMDIR» oppure «Apri cartella» e indichi questo disco o la cartella in cui lo ha copiato.',
  howToSystems: [
    [
      'Windows',
      'Doppio clic sul file .iso: compare come un disco in «Questo PC». Poi apra il file DICOMDIR con il programma, per esempio Weasis o MicroDicom (gratuiti).',
    ],
    [
      'macOS',
      'Doppio clic sul file .iso: compare sulla Scrivania. Poi trascini la cartella DICOM sul programma, per esempio Weasis o Horos (gratuiti).',
    ],
    [
      'Linux',
      'Apra il file .iso con il gestore di file («Monta immagine disco») oppure lo estragga. Poi apra DICOMDIR, per esempio con Weasis (gratuito).',
    ],
    [
      'Telefono e tablet',
      'Il modo più semplice è il portale, con «Visualizza immagini». Da questo disco si leggono qui il referto e le istruzioni.',
    ],
  ],
  forDoctor: 'Per il medico',
  forDoctorText:
    'Il disco contiene un File-set DICOM: il file DICOMDIR si importa in qualunque stazione di refertazione o PACS.',
  profile: ({ names, hugeFile, outside }: Profile) =>
    names.length > 0
      ? `Profili applicativi DICOM PS3.11 a cui il File-set è conforme, secondo il supporto su cui si trova: ${names.join(', ')}.`
      : [
          'Nessun profilo applicativo DICOM PS3.11 è dichiarato; ogni file è comunque un file DICOM PS3.10.',
          ...(hugeFile
            ? [
                'Un file supera i 4 GiB, più di quanto ammettono il livello 1 di ISO 9660 e FAT (PS3.12): qui è diviso in più extent (livello 3).',
              ]
            : []),
          ...(outside.length > 0
            ? [
                `Alcuni file, che non è stato possibile decomprimere, conservano una sintassi di trasferimento estranea ai profili General Purpose (${outside.map(({ transferSyntaxUid, instances }) => `${transferSyntaxUid}: ${instances} file`).join('; ')}).`,
              ]
            : []),
        ].join(' '),
  copies: (copies: number) =>
    `Non ${copies === 1 ? 'è ripetuto' : 'sono ripetuti'} qui ${count(copies, 'file', 'file')} con il SOP Instance UID di un altro della stessa serie.`,
  integrity: 'L’impronta SHA-256 di ogni file è in SHA256.TXT (verifica: sha256sum -c SHA256.TXT).',
  privacy:
    'Questo disco contiene dati sulla salute: è buona prassi proteggere i propri dati personali e sensibili. Non lo lasci incustodito e, quando non serve più, lo distrugga o cancelli la copia.',
  contacts: 'Contatti',
  portal: 'Portale',
  preparedOn: (date: string) => `Disco preparato il ${date}.`,
  skip: 'Vai al contenuto',
  leggimi: {
    heading: 'ESAMI RADIOLOGICI',
    start:
      'Per cominciare apra INDEX.HTM con un doppio clic: si legge con qualunque browser, anche senza Internet.',
    contents: 'Che cosa c’è su questo disco',
    files: [
      ['INDEX.HTM', 'la pagina da cui cominciare'],
      ['REFERTO', 'i referti, anche firmati digitalmente'],
      ['VIEWER', 'la pagina che mostra le immagini nel browser, e i suoi dati'],
      ['DICOM', 'le immagini'],
      ['DICOMDIR', 'l’indice delle immagini, per i programmi DICOM'],
      ['SHA256.TXT', 'le impronte dei file, per verificarne l’integrità'],
      ['README.TXT', 'queste informazioni in inglese'],
    ],
    noExecutable: 'Sul disco non c’è alcun programma da installare: nulla si avvia da sé.',
  },
} as const

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString('it-IT')} ${number === 1 ? one : many}`
}
