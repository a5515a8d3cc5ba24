let count = 0

export type Person = {
  patientId?: string
  name?: string
  birthDate?: string
  taxCode?: string
  email?: string
  extra?: string
}

/** MSH with a control ID of its own. */
export function msh(
  type: string,
  { id, charset = '', version = '2.5' }: { id?: string; charset?: string; version?: string } = {},
) {
  count += 1
  return `MSH|^~\\&|RIS|OSPEDALE|RITIRO|PORTALE|20261123090000||${type}|${id ?? `M${count}`}|P|${version}||||||${charset}`
}

/** PID as an Italian RIS sends it. */
export function pid({
  patientId = 'P1',
  name = 'Rossi^Mario',
  birthDate = '19800423',
  taxCode = 'RSSMRA80D23D205X',
  email = 'mario.rossi@example.org',
}: Person = {}) {
  const ids = `${patientId}^^^OSPEDALE^PI~${taxCode}^^^MEF^NNITA`
  return `PID|1||${ids}||${name}||${birthDate}|M|||VIA ROMA 1^^CUNEO^CN^12100^ITA||^NET^Internet^${email}||||||||||CUNEO`
}

/** An order of exams without images, with consent in ZRI-1. */
export function orderMessage(
  accessionNumbers: string[],
  {
    control = 'NW',
    consent = 'S',
    person = {},
    images = 'N',
    id,
    group = '',
    charset = '',
  }: {
    control?: string
    consent?: string
    person?: Person
    images?: string
    id?: string
    group?: string
    charset?: string
  } = {},
) {
  return lines(
    msh('ORM^O01', { charset, ...(id === undefined ? {} : { id }) }),
    pid(person),
    `ZRI|${consent}|${images}`,
    ...accessionNumbers.flatMap((accession, index) => [
      `ORC|${control}|PL${accession}|${accession}|${group}`,
      `OBR|${index + 1}|PL${accession}|${accession}|RX${index}^RX TORACE ${accession}|||20261120103000|||||||||||${accession}`,
    ]),
  )
}

/** A result of one exam. */
export function resultMessage(
  accession: string,
  {
    status = 'F',
    text = 'Nulla da segnalare.',
    document,
    person = {},
    id,
    charset = '',
    type = 'PDF',
  }: {
    status?: string
    text?: string | null
    document?: Uint8Array
    person?: Person
    id?: string
    charset?: string
    type?: string
  } = {},
) {
  const obr = `OBR|1|PL${accession}|${accession}|RX0^RX TORACE ${accession}|||20261120103000|||||||||||${accession}||||20261121||RAD|${status}`
  return lines(
    msh('ORU^R01', { charset, ...(id === undefined ? {} : { id }) }),
    pid(person),
    `${obr}${'|'.repeat(7)}7&BIANCHI&ANNA&&&DOTT.SSA`,
    ...(text === null ? [] : [`OBX|1|FT|REFERTO^REFERTO||${text}||||||${status}`]),
    ...(document
      ? [
          `OBX|2|ED|DOC^DOCUMENTO||RIS^APPLICATION^${type}^Base64^${Buffer.from(document).toString('base64')}||||||${status}`,
        ]
      : []),
  )
}

export const lines = (...segments: string[]) => segments.map((segment) => `${segment}\r`).join('')
