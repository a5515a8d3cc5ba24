import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Constructed, fromBER, ObjectIdentifier, type OctetString, Sequence, Set as SetOf } from 'asn1js'

/** A key and its certificate, as files for the openssl command. */
export type Identity = { certificate: string; key: string; pem: string }

export type KeyKind = 'rsa' | 'rsa1024' | 'rsa3072' | 'P-256' | 'P-384' | 'P-521'

type IssueOptions = {
  subject: string
  key?: KeyKind
  from?: string
  until?: string
  /** Lines of an openssl extension section. */
  extensions?: string[]
  /** A key made before. */
  keyFile?: string
  /** Takes the serial number of this one's certificate. */
  serialOf?: Identity
}

type SignOptions = {
  form?: 'der' | 'pem' | 'stream'
  detached?: boolean
  md?: 'sha1' | 'sha256' | 'sha384' | 'sha512'
  pss?: boolean
  cades?: boolean
  bare?: boolean
  byKeyId?: boolean
  withoutCertificate?: boolean
  /** Certificates to send along. */
  send?: Identity[]
  contentType?: string
}

export const PERSON =
  '/C=IT/O=Azienda Ospedaliera/SN=Rossi/GN=Mario/CN=ROSSI MARIO/serialNumber=TINIT-RSSMRA70A01H501S'
export const LEAF = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,nonRepudiation',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid',
]
const AUTHORITY = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
]

/** A place with authorities, signers and documents, made by the openssl command and removed at the end. */
export function signingOffice() {
  const folder = mkdtempSync(join(tmpdir(), 'ritiro-signature-'))
  let files = 0
  const path = (suffix: string) => join(folder, `${++files}${suffix}`)
  const save = (bytes: Uint8Array | string, suffix = '.bin') => {
    const file = path(suffix)
    writeFileSync(file, bytes)
    return file
  }
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 })

  function makeKey(kind: KeyKind): string {
    const file = path('.key')
    const options = kind.startsWith('P-')
      ? ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${kind}`]
      : ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${kind.slice(3) || '2048'}`]
    openssl('genpkey', ...options, '-out', file)
    return file
  }

  function issue(issuer: Identity | 'itself', options: IssueOptions): Identity {
    const {
      subject,
      key = 'P-256',
      from = '20250101000000Z',
      until = '20350101000000Z',
      extensions = LEAF,
    } = options
    const keyFile = options.keyFile ?? makeKey(key)
    const request = path('.csr')
    openssl('req', '-new', '-utf8', '-key', keyFile, '-subj', subject, '-out', request)
    const serial = options.serialOf
      ? serialOf(options.serialOf)
      : randomBytes(16).toString('hex').replace(/^./, '1')
    const settings = save(
      [
        '[ca]',
        'default_ca=own',
        '[own]',
        `database=${save('', '.db')}`,
        `serial=${save(`${serial}\n`, '.srl')}`,
        `new_certs_dir=${folder}`,
        'default_md=sha256',
        'policy=any',
        'unique_subject=no',
        '[any]',
        'countryName=optional',
        '[extensions]',
        ...extensions,
        '',
      ].join('\n'),
      '.cnf',
    )
    const certificate = path('.crt')
    const by =
      issuer === 'itself'
        ? ['-selfsign', '-keyfile', keyFile]
        : ['-cert', issuer.certificate, '-keyfile', issuer.key]
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-preserveDN',
      '-config',
      settings,
      '-extensions',
      'extensions',
      '-startdate',
      from,
      '-enddate',
      until,
      '-in',
      request,
      '-out',
      certificate,
      ...by,
    )
    return { certificate, key: keyFile, pem: readFileSync(certificate, 'latin1') }
  }

  function sign(
    content: Uint8Array | string,
    signers: Identity | Identity[],
    options: SignOptions = {},
  ): Buffer {
    const { form = 'der', md = 'sha256', cades = true } = options
    const out = path('.p7m')
    const args = [
      'cms',
      '-sign',
      '-binary',
      '-in',
      save(content),
      '-out',
      out,
      '-outform',
      form === 'pem' ? 'PEM' : 'DER',
      '-md',
      md,
    ]
    if (!options.detached) args.push('-nodetach')
    if (form === 'stream') args.push('-stream')
    if (cades && !options.bare) args.push('-cades')
    if (options.bare) args.push('-noattr')
    if (options.byKeyId) args.push('-keyid')
    if (options.withoutCertificate) args.push('-nocerts')
    if (options.contentType) args.push('-econtent_type', options.contentType)
    if (options.send?.length) {
      args.push('-certfile', save(options.send.map((identity) => identity.pem).join(''), '.pem'))
    }
    for (const { certificate, key } of [signers].flat()) {
      args.push('-signer', certificate, '-inkey', key)
      if (options.pss) args.push('-keyopt', 'rsa_padding_mode:pss', '-keyopt', 'rsa_pss_saltlen:-1')
    }
    openssl(...args)
    return readFileSync(out)
  }

  /** What `openssl cms -verify` says: the content where it agrees, null where it does not. */
  function opensslVerifies(p7m: Uint8Array, authority?: Identity, more: string[] = []): Buffer | null {
    const trust = authority ? ['-CAfile', authority.certificate, '-purpose', 'any'] : ['-noverify']
    const out = path('.out')
    try {
      openssl('cms', '-verify', '-binary', '-inform', 'DER', '-in', save(p7m), '-out', out, ...trust, ...more)
      return readFileSync(out)
    } catch {
      return null
    }
  }

  function timestampAuthority(issuer: Identity) {
    const extensions = ['keyUsage=critical,digitalSignature', 'extendedKeyUsage=critical,timeStamping']
    const identity = issue(issuer, { subject: '/O=Prova/CN=Prova TSA', extensions })
    const settings = save(
      [
        '[tsa]',
        'default_tsa=own',
        '[own]',
        `serial=${save('01\n', '.srl')}`,
        `signer_cert=${identity.certificate}`,
        `certs=${identity.certificate}`,
        `signer_key=${identity.key}`,
        'signer_digest=sha256',
        'default_policy=1.2.3.4.1',
        'digests=sha256,sha512',
        '',
      ].join('\n'),
      '.cnf',
    )
    /** A timestamp token over the SHA-256 digest. */
    function token(digest: Buffer): Buffer {
      const [query, reply] = [path('.tsq'), path('.tst')]
      openssl('ts', '-query', '-digest', digest.toString('hex'), '-sha256', '-cert', '-out', query)
      openssl(
        'ts',
        '-reply',
        '-config',
        settings,
        '-section',
        'own',
        '-queryfile',
        query,
        '-token_out',
        '-out',
        reply,
      )
      return readFileSync(reply)
    }
    return { identity, token }
  }

  /** A CRL of the issuer's, as PEM. */
  function revoke(
    issuer: Identity,
    revoked: [Identity, string][],
    { from = '20250101000000Z', until = '20350101000000Z', extensions = [] as string[] } = {},
  ): string {
    const lines = revoked.map(([identity, at]) =>
      ['R', '350101000000Z', at.slice(2), serialOf(identity), 'unknown', '/CN=x'].join('\t'),
    )
    const settings = save(
      [
        '[ca]',
        'default_ca=own',
        '[own]',
        `database=${save(lines.map((line) => `${line}\n`).join(''), '.db')}`,
        'default_md=sha256',
        '[extensions]',
        ...extensions,
        '',
      ].join('\n'),
      '.cnf',
    )
    const out = path('.crl')
    const by = ['-cert', issuer.certificate, '-keyfile', issuer.key]
    const exts = extensions.length > 0 ? ['-crlexts', 'extensions'] : []
    const times = ['-crl_lastupdate', from, '-crl_nextupdate', until]
    openssl('ca', '-gencrl', '-config', settings, ...times, ...exts, '-out', out, ...by)
    return readFileSync(out, 'latin1')
  }

  function serialOf({ certificate }: Identity): string {
    return openssl('x509', '-noout', '-serial', '-in', certificate).toString().trim().replace('serial=', '')
  }

  return {
    timestampAuthority,
    revoke,
    makeKey,
    folder,
    path,
    save,
    openssl,
    issue,
    sign,
    opensslVerifies,
    authority: (subject = '/C=IT/O=Prova/CN=Prova CA Qualificata', extensions = AUTHORITY) =>
      issue('itself', { subject, extensions }),
    [Symbol.dispose]() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A small PDF of one page that says something. */
export function plainPdf(words = 'Referto di prova'): Buffer {
  const stream = `BT /F1 18 Tf 72 720 Td (${words}) Tj ET`
  return pdfFrom([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ])
}

const HOLE = 16_384

/** Signs a PDF as PAdES does: an incremental update with the signature's dictionary and form field. */
export function signPdf(
  pdf: Buffer,
  makeContents: (signedBytes: Buffer) => Buffer,
  { subFilter = 'ETSI.CAdES.detached', type = 'Sig', when = "D:20261101103000+01'00'" } = {},
): Buffer {
  const text = pdf.toString('latin1')
  const first = Math.max(...[...text.matchAll(/(\d+) 0 obj/g)].map(([, number]) => Number(number))) + 1
  const fields = [...text.matchAll(/(\d+) 0 obj\n<< \/FT \/Sig/g)].map(([, number]) => `${number} 0 R`)
  const placeholder = '0000000000 0000000000 0000000000'
  const update = increment(pdf, [
    [
      1,
      `<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [${[...fields, `${first} 0 R`].join(' ')}] >> >>`,
    ],
    [
      first,
      `<< /FT /Sig /Type /Annot /Subtype /Widget /F 132 /Rect [0 0 0 0] /P 3 0 R /T (Firma${first}) /V ${first + 1} 0 R >>`,
    ],
    [
      first + 1,
      `<< /Type /${type} /Filter /Adobe.PPKLite /SubFilter /${subFilter} /ByteRange [0 ${placeholder}] /Contents <${'0'.repeat(HOLE)}> /M (${when}) >>`,
    ],
  ])
  const start = update.lastIndexOf('/Contents <') + '/Contents '.length
  const end = start + HOLE + 2
  const numbers = [start, end, update.byteLength - end].map((number) => String(number).padEnd(10)).join(' ')
  update.write(numbers, update.lastIndexOf(placeholder), 'latin1')
  const contents = makeContents(Buffer.concat([update.subarray(0, start), update.subarray(end)]))
  update.write(contents.toString('hex'), start + 1, 'latin1')
  return update
}

/** Adds objects to a PDF as an incremental update (ISO 32000-1 §7.5.6). */
export function increment(pdf: Buffer, objects: [number, string][]): Buffer {
  const previous = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf.toString('latin1'))?.[1] ?? '0'
  let body = '\n'
  const table = objects.map(([number, object]) => {
    const offset = pdf.byteLength + body.length
    body += `${number} 0 obj\n${object}\nendobj\n`
    return `${number} 1\n${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const size = Math.max(...objects.map(([number]) => number)) + 1
  const xref = pdf.byteLength + body.length
  body += `xref\n${table.join('')}trailer\n<< /Size ${size} /Root 1 0 R /Prev ${previous} >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.concat([pdf, Buffer.from(body, 'latin1')])
}

function pdfFrom(objects: string[]): Buffer {
  let body = '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'
  const offsets = objects.map((object, index) => {
    const offset = body.length
    body += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const xref = body.length
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  body += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.from(body, 'latin1')
}

/** A PEM block's bytes. */
export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
}

/** Puts an unsigned attribute beside the only signer's signature. */
export function withUnsignedAttribute(
  p7m: Buffer,
  type: string,
  makeValue: (signature: Buffer) => Buffer,
): Buffer {
  const root = fromBER(p7m).result as Sequence
  const signedData = (root.valueBlock.value[1] as Constructed).valueBlock.value[0] as Sequence
  const signer = (signedData.valueBlock.value.at(-1) as Constructed).valueBlock.value[0] as Sequence
  const signature = signer.valueBlock.value.at(-1) as OctetString
  const value = fromBER(makeValue(Buffer.from(signature.getValue()))).result
  const attribute = new Sequence({
    value: [new ObjectIdentifier({ value: type }), new SetOf({ value: [value] })],
  })
  signer.valueBlock.value.push(
    new Constructed({ idBlock: { tagClass: 3, tagNumber: 1 }, value: [attribute] }),
  )
  return Buffer.from(root.toBER())
}

/** The same bytes with one of them changed; a negative place counts from the end. */
export function withByteFlipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes)
  const index = at < 0 ? copy.byteLength + at : at
  copy[index] = (copy[index] ?? 0) ^ 0x01
  return copy
}
