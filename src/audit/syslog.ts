import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'

/** A syslog receiver over TLS (RFC 5425): `ca` signs its certificate; `cert` and `key` are ours, where it asks for one. */
export type SyslogTarget = {
  host: string
  port: number
  ca?: string | undefined
  cert?: string | undefined
  key?: string | undefined
}

// PS3.15 §A.6: facility 10 (security), severity 5 (notice).
const PRIORITY = 10 * 8 + 5
const MESSAGE_ID = 'DICOM+RFC3881'
const APPLICATION = 'ritiro'

/**
 * An audit message as RFC 5424 has it, its length in octets in front (RFC 5425 §4.3). The same row gives the same bytes,
 * so that a receiver can tell a message that comes twice. No byte order mark: IHE's repositories do not want it.
 */
export function syslogFrame(at: Date, hostname: string, message: string): Buffer {
  const header = `<${PRIORITY}>1 ${at.toISOString()} ${hostname} ${APPLICATION} - ${MESSAGE_ID} -`
  const line = Buffer.from(`${header} ${message}`, 'utf8')
  return Buffer.concat([Buffer.from(`${line.length} `), line])
}

const SILENCE_MS = 10_000
const SHORTEST_SETTLING_MS = 100
// A line slower than this is not expected between servers.
const SLOWEST_BYTES_PER_MS = 1_000

export type Delivery = { answered: boolean }

/**
 * Sends frames over a connection of their own and waits until the receiver has closed it in answer. Syslog has no
 * acknowledgement; but who gets our close_notify must answer it (RFC 5425 §4.4), and comes to it only after reading all
 * that is before it. Rejects where the connection broke earlier. `answered` is false where nothing came back in time although
 * nothing broke either.
 */
export function deliver(
  target: SyslogTarget,
  frames: Buffer[],
  signal: AbortSignal,
  silenceMs = SILENCE_MS,
): Promise<Delivery> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.concat(frames)
    const socket = open(target)
    const started = performance.now()
    let settling: NodeJS.Timeout | undefined
    let roundTripMs = 0
    let closing = false
    const finish = (settle: () => void) => {
      signal.removeEventListener('abort', onAbort)
      clearTimeout(settling)
      socket.destroy()
      settle()
    }
    const fail = (code: string) => finish(() => reject(Object.assign(new Error(code), { code })))
    const onAbort = () => fail('ABORTED')
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error: Error) => finish(() => reject(error)))
    if (signal.aborted) return onAbort()

    socket.setTimeout(silenceMs)
    socket.once('connect', () => {
      roundTripMs = performance.now() - started
    })
    socket.once('secureConnect', () => {
      socket.write(bytes, () => {
        // A receiver that refuses our certificate, or is stopping, closes too. Until all has reached it we do not close,
        // so that its closing is not taken for the answer; from then on, if it closes without having read all, its
        // system resets the connection (RFC 9293 §3.6.1), which is an error here.
        settling = setTimeout(
          () => {
            closing = true
            socket.end()
          },
          Math.max(SHORTEST_SETTLING_MS, 3 * roundTripMs, bytes.length / SLOWEST_BYTES_PER_MS),
        )
      })
    })
    socket.once('timeout', () => {
      if (closing && socket.writableFinished) finish(() => resolve({ answered: false }))
      else fail('SYSLOG_TIMEOUT')
    })
    socket.once('end', () => {
      if (closing) finish(() => resolve({ answered: true }))
      else fail('SYSLOG_CLOSED_EARLY')
    })
    socket.once('close', () => fail('SYSLOG_CLOSED_EARLY'))
    // Nothing is expected to come, but the end is heard only by who reads.
    socket.resume()
  })
}

function open({ host, port, ca, cert, key }: SyslogTarget): TLSSocket {
  return connect({
    host,
    port,
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    minVersion: 'TLSv1.2',
  })
}
