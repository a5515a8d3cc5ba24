import { belfioreConnector } from '@marketto/belfiore-connector-embedded'

/** The municipality or foreign state of a cadastral code, as it is called: 'Cuneo (CN)'; null where it is unknown. */
export async function placeName(code: string): Promise<string | null> {
  if (!/^[A-Z]\d{3}$/.test(code)) return null
  const place = await belfioreConnector.findByCode(code)
  if (!place) return null
  const { name, province } = place as { name: string; province?: string }
  return province ? `${name} (${province})` : name
}
