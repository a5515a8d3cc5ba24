/** Certificates of the authorities a national trusted list (ETSI TS 119 612) says are granted now. */
export function grantedAuthorities(xml: string): Buffer[] {
  return elements(xml, 'TSPService').flatMap((service) => {
    // What a service was in earlier years follows in ServiceHistory.
    const [now = ''] = elements(service, 'ServiceInformation')
    const [type = ''] = elements(now, 'ServiceTypeIdentifier')
    const [status = ''] = elements(now, 'ServiceStatus')
    if (!SERVICES.some((known) => type.trim().endsWith(known)) || !status.trim().endsWith(GRANTED)) return []
    return elements(now, 'X509Certificate').map((base64) => Buffer.from(base64, 'base64'))
  })
}

// Authorities that issue qualified certificates, and those that give qualified timestamps.
const SERVICES = ['/Svctype/CA/QC', '/Svctype/TSA/QTST']
const GRANTED = '/Svcstatus/granted'

// The list is a file the operator chose, of one fixed shape: finding its elements needs no XML processor.
function elements(xml: string, name: string): string[] {
  const tags = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([\\s\\S]*?)</(?:[\\w-]+:)?${name}>`, 'g')
  return [...xml.matchAll(tags)].map(([, content = '']) => content)
}
