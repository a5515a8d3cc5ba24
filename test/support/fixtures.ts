import PDFDocument from 'pdfkit'

/** A visit as the RIS registers it; a test names only what it is about. */
export function visit(changes: Record<string, unknown> = {}) {
  return {
    accessionNumber: 'ACC001',
    patient: {
      familyName: 'Rossi',
      givenName: 'Mario',
      birthDate: '1980-04-23',
      birthPlace: 'Cuneo',
      taxCode: 'RSSMRA80D23D205X',
      patientId: 'P1',
      sex: 'M',
    },
    email: 'mario.rossi@example.org',
    consent: true,
    exams: [{ description: 'RM GINOCCHIO DX (ESAME DIRETTO)', date: '2020-05-18' }],
    ...changes,
  }
}

/** The same, of an exam that has no images. */
export function visitWithoutImages(changes: Record<string, unknown> = {}) {
  return visit({
    exams: [{ description: 'VISITA ORTOPEDICA', date: '2020-05-18', imagesExpected: false }],
    ...changes,
  })
}

/** A real PDF of one page that says `text`. */
export async function pdfOf(text: string): Promise<Uint8Array> {
  const document = new PDFDocument({ info: { CreationDate: new Date(0) } })
  const chunks: Buffer[] = []
  document.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<void>((done) => document.on('end', done))
  document.fontSize(20).text(text)
  document.end()
  await ended
  return Buffer.concat(chunks)
}
