import { get, type RawRequest, REWRITING } from './altered-requests.ts'
import type { ExamObject } from './world.ts'

/** Requests for another's report or share, by the portal's own identifiers: in paths, questions and headers, and below one's own report. */
export function identifiers(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const shares = disguisesOf(foreign.shareId).map((form) => get(`share ${form}`, `/condivisioni/${form}`))
  const reports = disguisesOf(foreign.publicationId).flatMap((form) =>
    REPORT_PARTS.map((part) => get(`report ${form}${part}`, `/referti/${form}${part}`)),
  )
  return [...reports, ...shares, ...belowOwn(own, foreign), ...namedBeside(own, foreign)]
}

const REPORT_PARTS = [
  '',
  '/documento.pdf',
  '/firmato',
  '/strutturati',
  '/immagini',
  '/rapida',
  '/rapida/EXAM.JS',
  '/rapida/ST000000/INDEX.JS',
  '/disco',
  '/disco.iso',
  '/disco.zip',
  '/disco-compatto.iso',
  '/disco-compatto.zip',
  '/ricevuta.pdf',
  '/rimuovi',
] as const

const disguisesOf = (id: string): string[] => [
  id,
  id.toUpperCase(),
  id.replaceAll('-', ''),
  `{${id}}`,
  `%7B${id}%7D`,
  `urn:uuid:${id}`,
  `${id}%00`,
  `${id}.`,
  `${id}..`,
  `${id}%2e`,
  `${id}%20`,
  `%20${id}`,
  id.replaceAll('-', '%2d'),
  id.replaceAll('-', '%252d'),
  id.replace(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`),
  `./${id}`,
  `.\\${id}`,
  `..%2f${id}`,
  `${id}%2f`,
  `${id}%5c`,
  `${id}\\`,
  `${id};a=b`,
  `${id}%0a`,
  `x/../${id}`,
  `x/%2e%2e/${id}`,
  `x%2f..%2f${id}`,
  `x%252f%252e%252e%252f${id}`,
  `${id},${id}`,
  "'%20or%20'1'='1",
  '%25',
  '*',
  '0',
  '-1',
  'null',
  '%ff',
  '__proto__',
]

/** From a path that is allowed to one that is not. */
function belowOwn(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const [mine, theirs] = [own.publicationId, foreign.publicationId]
  const files = ['INDEX.JS', 'EXAM.JS']
  const names = [
    ...files.flatMap((name) => [
      name.toLowerCase(),
      `${name}%00`,
      `${name}.`,
      `${name}%2e`,
      `%2e%2e%2f${name}`,
      `..%5c${name}`,
      `..\\${name}`,
      name.replace('.', '%252e'),
      name.replace('.', '%c0%ae'),
      `${name};${theirs}`,
    ]),
    `..%2f..%2f${theirs}%2ffirmato`,
    `%252e%252e%252f${theirs}`,
    `${theirs}.JS`,
    'ST000001',
    '__proto__',
    'constructor.JS',
  ]
  const folders = [
    'ST000001',
    'st000000',
    'ST000000%00',
    'ST000000.',
    '%2e%2e',
    '..%2f..',
    `..\\..\\${theirs}`,
  ]
  return [
    ...names.flatMap((name) => [
      get(`quick view's file ${name}`, `/referti/${mine}/rapida/${name}`),
      get(`quick view's data ${name}`, `/referti/${mine}/rapida/ST000000/${name}`),
    ]),
    ...folders.flatMap((folder) =>
      [...files, `${theirs}.JS`].map((file) =>
        get(`quick view's folder ${folder}/${file}`, `/referti/${mine}/rapida/${folder}/${file}`),
      ),
    ),
    ...['..', '%2e%2e', '%2E%2E', '%252e%252e', '..%5c', '..\\', '..;', '..%00'].flatMap((step) =>
      ['firmato', 'rapida/EXAM.JS', 'strutturati', 'disco.iso'].map((part) =>
        get(`report upwards by ${step} to ${part}`, `/referti/${mine}/${step}/${theirs}/${part}`),
      ),
    ),
  ]
}

/** One's own in the path, another's beside it. */
function namedBeside(own: ExamObject, foreign: ExamObject): RawRequest[] {
  const id = foreign.publicationId
  const targets = REPORT_PARTS.filter((part) => !/disco|rapida\//.test(part)).map(
    (part) => `/referti/${own.publicationId}${part}`,
  )
  const questions = targets.flatMap((target) =>
    [`id=${id}`, `:id=${id}`, `esame=${id}&id[]=${id}`, `%69d=${id}`].map((question) =>
      get(`${target} with a question`, `${target}?${question}`),
    ),
  )
  const lists = ['/referti', '/condivisioni', '/accessi', '/accessi.csv', '/rimuovi'].flatMap((path) =>
    ['id', 'esami', 'visita', 'condivisione'].map((name) =>
      get(`${path} of ${name}`, `${path}?${name}=${id}`),
    ),
  )
  const rewritten = REWRITING.flatMap((name) =>
    [`/referti/${id}/firmato`, `/condivisioni/${foreign.shareId}`].map((path) =>
      get(`${name}: ${path}`, `/referti/${own.publicationId}`, { [name]: path }),
    ),
  )
  return [...questions, ...lists, ...rewritten]
}
