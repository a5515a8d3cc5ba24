import type { ExamObject } from './world.ts'

export type RawRequest = { what: string; method: string; target: string; headers: Record<string, string> }

/** Requests of somebody who may see `own` and tries, by every disguise we know, to be given `foreign`. */
export function alteredRequests(own: ExamObject, foreign: ExamObject): RawRequest[] {
  return [...paths(own, foreign), ...queries(own, foreign), ...headers(own, foreign)]
}

/** Ways of writing a UID that a lax reader could take for the plain one. */
const DISGUISES: Record<string, (uid: string) => string> = {
  'as it is': (uid) => uid,
  'encoded dots': (uid) => uid.replaceAll('.', '%2e'),
  'encoded dots in capitals': (uid) => uid.replaceAll('.', '%2E'),
  'doubly encoded dots': (uid) => uid.replaceAll('.', '%252e'),
  'encoded digits': (uid) => uid.replaceAll(/\d/g, (digit) => `%3${digit}`),
  'an overlong dot': (uid) => uid.replaceAll('.', '%c0%ae'),
  'a dot at the end': (uid) => `${uid}.`,
  'two dots at the end': (uid) => `${uid}..`,
  'a dot before': (uid) => `.${uid}`,
  'doubled dots': (uid) => uid.replace('.', '..'),
  'a leading zero': (uid) => uid.replace('.', '.0'),
  'a NUL at the end': (uid) => `${uid}%00`,
  'a NUL and more': (uid) => `${uid}%00.dcm`,
  'a space at the end': (uid) => `${uid}%20`,
  'a plus at the end': (uid) => `${uid}+`,
  'a tab': (uid) => `${uid}%09`,
  'a line break': (uid) => `${uid}%0d%0aX-Forged:%201`,
  'a semicolon': (uid) => `${uid};a=b`,
  'an encoded semicolon': (uid) => `${uid}%3ba=b`,
  'an encoded question mark': (uid) => `${uid}%3Fa=b`,
  'an encoded number sign': (uid) => `${uid}%23`,
  'a fragment': (uid) => `${uid}#`,
  'an encoded slash': (uid) => `${uid}%2f`,
  'an encoded backslash': (uid) => `${uid}%5c`,
  'Arabic digits': (uid) => uid.replaceAll(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit))),
  'full-width digits': (uid) =>
    uid.replaceAll(/\d/g, (digit) => encodeURIComponent(String.fromCodePoint(0xff10 + Number(digit)))),
  'full-width dots': (uid) => uid.replaceAll('.', '%EF%BC%8E'),
  'a soft hyphen': (uid) => `${uid}%C2%AD`,
  'a wildcard': (uid) => `${uid.slice(0, -1)}*`,
  'a one-character wildcard': (uid) => `${uid.slice(0, -1)}?`,
  'an encoded one-character wildcard': (uid) => `${uid.slice(0, -1)}%3f`,
  'no more than a wildcard': () => '*',
  'zeros without end': (uid) => `${uid}.${'0'.repeat(4000)}`,
  '65 characters': (uid) => `${uid}.`.padEnd(65, '1'),
  quotes: (uid) => `%22${uid}%22`,
}

const RESTS = ['', '/metadata', '/series', '/instances', '/rendered', '/thumbnail']

function paths(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const whole = Object.entries(DISGUISES).flatMap(([name, disguise]) => [
    ...RESTS.map((rest) =>
      get(`study: ${name} ${rest}`, `/dicomweb/studies/${disguise(foreign.study)}${rest}`),
    ),
    get(`series: ${name}`, `/dicomweb/studies/${own.study}/series/${disguise(foreign.series)}/metadata`),
    get(
      `instance: ${name}`,
      `/dicomweb/studies/${own.study}/series/${own.series}/instances/${disguise(foreign.instance)}/frames/1`,
    ),
    get(`two studies: ${name}`, `/dicomweb/studies/${own.study},${disguise(foreign.study)}/metadata`),
    get(
      `two studies by a backslash: ${name}`,
      `/dicomweb/studies/${own.study}%5C${disguise(foreign.study)}/metadata`,
    ),
  ])
  const steps = [
    '..',
    '%2e%2e',
    '%2E%2E',
    '.%2e',
    '%252e%252e',
    '..;',
    '..%00',
    '..%2f',
    '..%5c',
    '%c0%ae%c0%ae',
    '…',
    '....',
  ]
  const upwards = steps.flatMap((step) => [
    get(`upwards by ${step}`, `/dicomweb/studies/${own.study}/${step}/${foreign.study}/metadata`),
    get(
      `upwards from series by ${step}`,
      `/dicomweb/studies/${own.study}/series/${step}/${step}/${foreign.study}/metadata`,
    ),
    get(
      `upwards by ${step} and a backslash`,
      `/dicomweb/studies/${own.study}\\${step}\\${foreign.study}/metadata`,
    ),
    get(`out of DICOMweb by ${step}`, `/dicomweb/studies/${own.study}/${step}/${step}/${step}/studies`),
    get(`to Orthanc's own by ${step}`, `/dicomweb/${step}/system`),
    get(`to tools by ${step}`, `/dicomweb/studies/${own.study}/${step}/${step}/${step}/tools/find`),
    get(
      `bulk upwards by ${step}`,
      `/dicomweb/studies/${own.study}/series/${own.series}/instances/${own.instance}/bulk/${step}/${step}/${foreign.instance}`,
    ),
    get(
      `frames upwards by ${step}`,
      `/dicomweb/studies/${own.study}/series/${own.series}/instances/${own.instance}/frames/${step}/${foreign.instance}`,
    ),
  ])
  const roots = [
    '/dicomweb',
    '/dicomweb/',
    '//dicomweb/studies',
    '/dicomweb//studies',
    '/DICOMWEB/studies',
    '/dicomweb/STUDIES',
    '/dicom-web/studies',
    '/dicomweb/series',
    '/dicomweb/instances',
    '/dicomweb/patients',
    '/dicomweb/studies/',
    '/dicomweb/./studies',
    '/dicomweb;/studies',
    '/dicomweb/studies;x',
    '/dicomweb%2fstudies',
    '/%64icomweb/studies',
    '/studies',
    '/system',
    '/changes',
    '/tools/find',
    '/app/explorer.html',
    '/instances',
    '/wado',
    '/dicomweb/servers',
    '/dicomweb/info',
    '\\dicomweb\\studies',
    '/dicomweb\\studies',
    '/dicomweb/studies%20',
    '/dicomweb/../dicomweb/studies',
  ].flatMap((path) => [
    get(`root ${path}`, path),
    get(`root ${path} with a study`, `${path}/${foreign.study}/metadata`),
    get(`root ${path} with a question`, `${path}?StudyInstanceUID=${foreign.study}`),
  ])
  const absolute = [
    get('absolute form', `http://127.0.0.1/dicomweb/studies/${foreign.study}/metadata`),
    get('absolute form to Orthanc', `http://127.0.0.1:8042/studies`),
    get('absolute form with a user', `http://ritiro:x@localhost/dicomweb/studies/${foreign.study}`),
    get('asterisk form', '*'),
    get('authority form', 'localhost:8042'),
  ]
  return [...whole, ...upwards, ...roots, ...absolute]
}

function queries(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const named = [
    'StudyInstanceUID',
    '0020000D',
    '0020000d',
    'studyInstanceUID',
    'StudyInstanceUIDs',
    'StudyInstanceUID[]',
    '%53tudyInstanceUID',
  ]
  const values = Object.entries(DISGUISES).map(([name, disguise]) => [name, disguise(foreign.study)] as const)
  const lists = [
    ['a list', `${own.study},${foreign.study}`],
    ['a list the other way', `${foreign.study},${own.study}`],
    ['a list by backslash', `${own.study}%5C${foreign.study}`],
    ['a list by raw backslash', `${own.study}\\${foreign.study}`],
    ['a list by semicolon', `${own.study};${foreign.study}`],
    ['a list by space', `${own.study}%20${foreign.study}`],
    ['a list by encoded comma', `${own.study}%2C${foreign.study}`],
    ['a list by doubly encoded comma', `${own.study}%252C${foreign.study}`],
    ['a second parameter', `${own.study}&StudyInstanceUID=${foreign.study}`],
    ['a first parameter', `${foreign.study}&StudyInstanceUID=${own.study}`],
    ['a second parameter by tag', `${own.study}&0020000D=${foreign.study}`],
    ['a hidden parameter', `${own.study}%26StudyInstanceUID=${foreign.study}`],
    ['an empty value', ''],
  ] as const
  const studies = named.flatMap((key) =>
    [...values, ...lists].map(([name, value]) => get(`${key}: ${name}`, `/dicomweb/studies?${key}=${value}`)),
  )
  const within = `/dicomweb/studies/${own.study}`
  const others = [
    `${within}/series?StudyInstanceUID=${foreign.study}`,
    `${within}/instances?StudyInstanceUID=${foreign.study}`,
    `${within}/series?SeriesInstanceUID=${foreign.series}`,
    `${within}/series?SeriesInstanceUID=${own.series},${foreign.series}`,
    `${within}/instances?SOPInstanceUID=${foreign.instance}&0020000D=${foreign.study}`,
    `${within}/metadata?StudyInstanceUID=${foreign.study}`,
    `${within}/rendered?StudyInstanceUID=${foreign.study}`,
    `${within}?StudyInstanceUID=${foreign.study}`,
    `/dicomweb/studies?PatientID=PID1,PID2&limit=999999`,
    `/dicomweb/studies?includefield=StudyInstanceUID&includefield=${foreign.study}`,
    `/dicomweb/studies?includefield=all%26StudyInstanceUID=${foreign.study}`,
    `/dicomweb/studies?limit=1%26StudyInstanceUID=${foreign.study}`,
    `/dicomweb/studies?offset=-1&limit=-1`,
    `/dicomweb/studies?offset=000000&limit=000009`,
    `/dicomweb/studies?fuzzymatching=true&PatientName=*`,
    `/dicomweb/studies?AccessionNumber=*`,
    `/dicomweb/studies?StudyDescription=${foreign.mark}`,
    `/dicomweb/studies?__proto__=1`,
    `/dicomweb/studies?constructor=1`,
    `/dicomweb/studies?${'a=b&'.repeat(500)}`,
  ]
  return [...studies, ...others.map((target) => get(target, target))]
}

/** Headers by which some servers take another path than the request's. */
export const REWRITING = [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-URI',
  'X-Forwarded-Path',
  'X-Forwarded-Uri',
  'X-Forwarded-Prefix',
  'X-Accel-Redirect',
  'X-Sendfile',
  'Content-Location',
  'Destination',
  'Base-Url',
  'X-Proxy-URL',
  'Referer',
]
const HOSTS = ['Host', 'X-Forwarded-Host', 'X-Forwarded-Server', 'X-Host', 'X-HTTP-Host-Override']

function headers(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const ownPath = `/dicomweb/studies/${own.study}/metadata`
  const foreignPath = `/dicomweb/studies/${foreign.study}/metadata`
  const rewritten = REWRITING.flatMap((name) =>
    [ownPath, '/dicomweb/studies', '/', foreignPath].map((target) =>
      get(`${name} on ${target}`, target, { [name]: foreignPath }),
    ),
  )
  const hosts = HOSTS.flatMap((name) =>
    [
      'altrove.example',
      `localhost${foreignPath}?`,
      '127.0.0.1:8042',
      '',
      '[::1]',
      'a@b',
      `x/../dicomweb/studies/${foreign.study}#`,
    ].flatMap((value) => [
      get(`${name}: ${value}`, ownPath, { [name.toLowerCase()]: value }),
      get(`${name}: ${value}, foreign`, foreignPath, { [name.toLowerCase()]: value }),
    ]),
  )
  const forwarded = [
    'for=127.0.0.1;host=127.0.0.1:8042;proto=http',
    `for=127.0.0.1;path="${foreignPath}"`,
    'for="_gateway";by=10.0.0.1',
  ].flatMap((value) => [
    get(`Forwarded: ${value}`, foreignPath, { forwarded: value }),
    get(`Forwarded: ${value}, own`, ownPath, { forwarded: value }),
  ])
  const trusted = [
    'X-Forwarded-For',
    'X-Real-IP',
    'X-Client-IP',
    'True-Client-IP',
    'X-Forwarded-User',
    'X-Remote-User',
    'X-User',
    'X-Authenticated-User',
  ].flatMap((name) =>
    ['127.0.0.1', 'admin', 'amministratore'].map((value) =>
      get(`${name}: ${value}`, foreignPath, { [name]: value }),
    ),
  )
  const methods = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override', '_method'].flatMap(
    (name) =>
      ['DELETE', 'POST', 'PUT'].flatMap((value) =>
        [
          ownPath,
          `/dicomweb/studies/${own.study}`,
          `/referti/${own.publicationId}/rimuovi`,
          `/condivisioni/${own.shareId}/annulla`,
          '/uscita',
        ].map((target) => get(`${name}: ${value} on ${target}`, target, { [name]: value })),
      ),
  )
  const accepts = [
    'application/dicom',
    'application/zip',
    'text/html',
    'image/../../x',
    '*/*;q=0',
    `${'a/b,'.repeat(60)}c/d`,
    'a'.repeat(3000),
    'multipart/related; type="application/dicom"; boundary="x"',
    'multipart/related; type="../../tools"',
    'application/dicom+xml',
    'application/dicom+json; study=*',
    'image/gif',
    'video/mp4',
    ';;;',
    '\u00e9',
    '%2e%2e',
  ].flatMap((accept) => [
    get(`Accept: ${accept.slice(0, 40)}`, foreignPath, { accept }),
    get(`Accept: ${accept.slice(0, 40)}, search`, '/dicomweb/studies', { accept }),
    get(
      `Accept: ${accept.slice(0, 40)}, a foreign series in the own study`,
      `/dicomweb/studies/${own.study}/series/${foreign.series}`,
      { accept },
    ),
  ])
  const words = [
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'MOVE',
    'COPY',
    'SEARCH',
    'QUERY',
    'HEAD',
  ].flatMap((method) =>
    [ownPath, foreignPath, '/dicomweb/studies', `/dicomweb/studies/${own.study}`].map((target) => ({
      ...get(`${method} ${target}`, target),
      method,
    })),
  )
  return [...rewritten, ...hosts, ...forwarded, ...trusted, ...methods, ...accepts, ...words]
}

/** A GET with nothing but what is said. */
export const get = (what: string, target: string, more: Record<string, string> = {}): RawRequest => ({
  what,
  method: 'GET',
  target,
  headers: more,
})
