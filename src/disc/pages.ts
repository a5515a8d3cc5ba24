import type { Profile } from './application-profile.ts'
import type { DiscContent, DiscReport, ImagesSummary, ReportFile, SmallFile } from './content.ts'
import { italianDay } from './days.ts'
import { discIcon } from './icon.ts'
import { indexPage } from './index-page.ts'
import { it } from './messages.it.ts'

/**
 * The pages and reports of a disc. Names are 8.3 in capitals and the same in both trees (IHE PDI), so that links and
 * checksums hold on plain ISO 9660 too.
 */
export function discPages(content: DiscContent, images: ImagesSummary, date: Date): SmallFile[] {
  const reports = reportFiles(content)
  const links = new Map(reports.map(({ report, files }) => [report, files]))
  return [
    root('INDEX.HTM', indexPage(content, images, date, links)),
    root('README.TXT', crlf(readme(content, images, date))),
    // The byte order mark tells Windows Notepad of old that this is UTF-8.
    root('LEGGIMI.TXT', `\ufeff${crlf(leggimi(content, images, date))}`),
    root('AUTORUN.INF', crlf(`[autorun]\nlabel=${it.autorunLabel}\nicon=${ICON}\n`)),
    same(ICON, discIcon()),
    ...reports.flatMap(({ files }) => files.map(({ file }) => file)),
  ]
}

const ICON = 'DISCO.ICO'

/** The files of each report: what to read, what is signed. */
export function reportFiles({ exams }: DiscContent): { report: DiscReport; files: ReportFile[] }[] {
  const reports = exams.flatMap(({ report }) => (report ? [report] : []))
  return reports.map((report, index) => {
    const name = `REFERTO/${index < 9 ? 'REFERTO' : 'REF'}${index + 1}`
    if (report.kind === 'pdf') {
      return { report, files: [{ role: 'both', file: same(`${name}.PDF`, report.document) }] }
    }
    const shown: ReportFile[] = report.pdf ? [{ role: 'shown', file: same(`${name}.PDF`, report.pdf) }] : []
    return { report, files: [...shown, { role: 'signed', file: same(`${name}.P7M`, report.document) }] }
  })
}

const same = (path: string, bytes: Uint8Array): SmallFile => ({ path, isoPath: path, bytes })

const root = (name: string, text: string): SmallFile => same(name, Buffer.from(text))

const crlf = (text: string): string => text.replace(/\n/g, '\r\n')

/** IHE PDI asks for who made the medium and how to reach them; no personal data here. */
function readme(content: DiscContent, images: ImagesSummary, date: Date): string {
  const { organisation } = content
  return `RADIOLOGY EXAMS ON DICOM MEDIA

Start with INDEX.HTM (double click): it opens in any browser, without Internet.

Contents
  INDEX.HTM     start page (Italian)
  LEGGIMI.TXT   this information in Italian
  REFERTO       reports: PDF, and as digitally signed (.P7M)
${content.viewer ? '  VIEWER        a page that shows the images in the browser, and its data\n' : ''}  DICOM         images: ${images.instanceCount} DICOM files
  DICOMDIR      index of the images, for DICOM software
  SHA256.TXT    checksums; verify with: sha256sum -c SHA256.TXT

There is no program to install on this disc: nothing starts by itself.

To view the images, open DICOMDIR or the folder DICOM with any DICOM viewer.
${readmeProfile(images.profile)}${
  images.copies > 0
    ? `
Not repeated here: ${images.copies} file(s) with the SOP Instance UID of another of the same series.`
    : ''
}

Issued by
  ${ascii([organisation.name, ...organisation.contacts, organisation.portalUrl ?? ''].filter(Boolean).join('\n  '))}
on ${date.toISOString().slice(0, 10)}, with the software Ritiro.
`
}

function readmeProfile({ names, hugeFile, outside }: Profile): string {
  if (names.length > 0) {
    return `Application profiles of DICOM PS3.11 that the File-set conforms to, by the medium
it is on: ${names.join(', ')}.`
  }
  const lines = outside.map(
    ({ transferSyntaxUid, instances }) => `  ${ascii(transferSyntaxUid)}: ${instances}`,
  )
  return `No application profile of DICOM PS3.11 is claimed. Each file is a DICOM PS3.10
file.${
    hugeFile
      ? `
A file is over 4 GiB, longer than one of ISO 9660 level 1 or of FAT can be
(PS3.12): here it has several extents (ISO 9660 level 3).`
      : ''
  }${
    lines.length > 0
      ? `
These could not be decoded, and keep a transfer syntax that is in no General
Purpose profile:
${lines.join('\n')}`
      : ''
  }`
}

function leggimi({ organisation, viewer }: DiscContent, images: ImagesSummary, date: Date): string {
  const { leggimi: text } = it
  return `${text.heading}

${text.start}

${text.contents}
${text.files
  .filter(([name]) => viewer || name !== 'VIEWER')
  .map(([name, meaning]) => `  ${name.padEnd(12)} ${meaning}`)
  .join('\n')}

${text.noExecutable}

${it.howTo}
  ${it.howToIntro}

${it.howToSystems.map(([system, how]) => `  ${system}: ${how}`).join('\n')}

${[it.profile(images.profile), ...(images.copies > 0 ? [it.copies(images.copies)] : [])].join(' ')}

${it.privacy}

${[organisation.name, ...organisation.contacts, organisation.portalUrl ?? ''].filter(Boolean).join('\n')}
${it.preparedOn(italianDay(date))}
`
}

/** README.TXT is plain ASCII: accents are dropped rather than garbled. */
const ascii = (text: string): string => text.normalize('NFD').replace(/[^\n\x20-\x7e]/g, '')
