import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { SyslogTarget } from './syslog.ts'

// RFC 5425 §4.1.
const DEFAULT_PORT = 6514

/** `syslog+tls://host:port`, the port left out for 6514: syslog is not sent in the clear. */
export function isSyslogUrl(value: string): boolean {
  return /^syslog\+tls:\/\/[^/@?#]+\/?$/.test(value) && URL.canParse(value)
}

/** The audit repository as it is configured; null where there is none. `complain` is told what cannot be used. */
export function syslogTargetOf(
  settings: {
    url?: string | undefined
    ca?: string | undefined
    cert?: string | undefined
    key?: string | undefined
  },
  complain: (problem: string) => void,
): SyslogTarget | null {
  const { url, ca, cert, key } = settings
  if (url === undefined) {
    if (ca || cert || key) complain('AUDIT_SYSLOG_URL is not set, but a certificate for it is')
    return null
  }
  const problem = certificateProblem({ ca, cert, key })
  if (problem) complain(problem)
  const { hostname, port } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || DEFAULT_PORT), ca, cert, key }
}

function certificateProblem({ ca, cert, key }: Pick<SyslogTarget, 'ca' | 'cert' | 'key'>): string | null {
  if (Boolean(cert) !== Boolean(key))
    return 'AUDIT_SYSLOG_CERT and AUDIT_SYSLOG_KEY go together: set both, or neither'
  if (ca && !works(() => new X509Certificate(ca))) return 'AUDIT_SYSLOG_CA: must be certificates as PEM'
  if (cert && key && !works(() => createSecureContext({ cert, key })))
    return 'AUDIT_SYSLOG_CERT and AUDIT_SYSLOG_KEY: must be a certificate and its key, as PEM'
  return null
}

function works(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
