import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type AlteringProxy = {
  url: string
  /** The archive it stands before. */
  standBefore: (url: string) => void
  /** From now on these bytes are the file of that instance, as of an archive whose disk is broken or which is in other hands. */
  alter: (instance: { patientId: string; study: string; series: string; sop: string }, bytes: Buffer) => void
  /** How many altered files were handed out. */
  handedOut: () => number
  close: () => Promise<void>
}

/** Stands before Orthanc and gives other files than were stored: what C-STORE would not carry reaches the gateway all the same. */
export async function alteringProxy(): Promise<AlteringProxy> {
  const files = new Map<string, Buffer>()
  let target = ''
  let handedOut = 0
  const server: Server = createServer((asked, answer) => {
    const id = /^\/instances\/([0-9a-f-]{44})\/file$/.exec(asked.url ?? '')?.[1]
    const bytes = id ? files.get(id) : undefined
    if (!bytes) return passOn(target, asked, answer)
    handedOut += 1
    answer.writeHead(200, { 'content-type': 'application/dicom', 'content-length': bytes.byteLength })
    answer.end(bytes)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    standBefore: (url) => {
      target = url
    },
    alter: (instance, bytes) => void files.set(orthancIdOf(instance), bytes),
    handedOut: () => handedOut,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}

function passOn(target: string, asked: IncomingMessage, answer: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = asked
  const onward = request(new URL(url, target), { method, headers }, (response) => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(answer)
    response.on('error', () => answer.destroy())
  })
  onward.on('error', () => answer.destroy())
  answer.on('close', () => onward.destroy())
  asked.pipe(onward)
}

/** How Orthanc names an instance: SHA-1 of its four identifiers. */
function orthancIdOf(instance: Record<'patientId' | 'study' | 'series' | 'sop', string>): string {
  const { patientId, study, series, sop } = instance
  const hex = createHash('sha1').update([patientId, study, series, sop].join('|')).digest('hex')
  return (hex.match(/.{8}/g) ?? []).join('-')
}
