import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { settingsDocument } from '../../scripts/settings-doc.ts'
import { SETTINGS } from '../../src/config.ts'

test('docs/settings.md is what the settings in the code say (else: node scripts/settings-doc.ts)', () => {
  expect(readFileSync('docs/settings.md', 'utf8')).toBe(settingsDocument())
})

test('every setting of the example for hospitals exists, and no secret stands in it', () => {
  const example = readFileSync('deploy/settings.env.example', 'utf8')
  const given = [...example.matchAll(/^(?:# )?([A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '')
  // The proxy's own.
  const known: string[] = ['PORTAL_TLS', 'RIS_NETWORKS']
  const secret: string[] = []
  for (const setting of Object.values(SETTINGS)) ('secret' in setting ? secret : known).push(setting.name)
  expect(given).toContain('PORTAL_URL')
  const isKnown = (name: string) => known.includes(name) || known.includes(name.replace(/_FILE$/, ''))
  expect(given.filter((name) => !isKnown(name))).toEqual([])
  expect(secret).toContain('PIN_PEPPER')
})
