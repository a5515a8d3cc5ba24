export type Api = { url: string; key: string }

// The API's answers as the demo reads them; their full form is in /api/openapi.json.
type Answer = { pin1: string }

/** A visit's state. */
export type VisitState = {
  email: string | null
  consent: { given: boolean }
  published: boolean
  pin1: { issuedAt: string }
  images: { studyInstanceUids: string[] }
  mail: { state: string }
  exams: { excluded: boolean; publication: { endedBy: string | null } | null }[]
}

/** A call of the RIS API that must answer one of `expected`. */
export async function call<Body = Answer>(
  api: Api,
  method: string,
  path: string,
  body?: unknown,
  expected = [200, 201, 202],
): Promise<Body> {
  const response = await fetch(api.url + path, {
    method,
    headers: {
      authorization: `Bearer ${api.key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!expected.includes(response.status))
    throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Body
}

/** Delivers a signed report as the RIS does. */
export async function deliverDocument(
  api: Api,
  accessionNumber: string,
  document: Uint8Array,
  fields: Record<string, string>,
): Promise<void> {
  const form = new FormData()
  form.set(
    'document',
    new File([new Uint8Array(document)], 'referto.pdf.p7m', { type: 'application/pkcs7-mime' }),
  )
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  const response = await fetch(`${api.url}/visits/${encodeURIComponent(accessionNumber)}/reports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}` },
    body: form,
  })
  if (!response.ok)
    throw new Error(`Delivering the report answered ${response.status}: ${await response.text()}`)
}
