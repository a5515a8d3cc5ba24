import italian from './locale/it.json' with { type: 'json' }

type Catalogue = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Screens that this viewer has not (patches.ts): about, preferences, lists of studies, other modes, the tour. */
const LEFT_OUT = new Set([
  'AboutModal',
  'AppearanceModal',
  'DataSourceConfiguration',
  'DatePicker',
  'HotkeysValidators',
  'Onboarding',
  'PanelSUV',
  'ROIThresholdConfiguration',
  'StudyList',
  'USAnnotationPanel',
  'UserPreferencesModal',
])

/** Stops the build where OHIF's English catalogue has a text of a screen of ours that is not Italian yet. */
export function requireItalian(entry: string): void {
  const missing = missingTexts(englishCatalogue(entry), italian)
  if (missing.length > 0)
    throw new Error(`OHIF: texts without Italian in viewer/locale/it.json:\n  ${missing.join('\n  ')}`)
}

/** Keys of the one catalogue that the other lacks, as "Namespace: key"; those of screens that are left out are not counted. */
export function missingTexts(english: Catalogue, translated: Catalogue): string[] {
  return Object.entries(english).flatMap(([namespace, texts]) =>
    LEFT_OUT.has(namespace)
      ? []
      : Object.keys(texts)
          .filter((key) => !(key in (translated[namespace] ?? {})))
          .map((key) => `${namespace}: ${key}`),
  )
}

/** What OHIF's bundle holds of `i18n/src/locales/en-US/*.json`. */
export function englishCatalogue(entry: string): Catalogue {
  const modules = entry.matchAll(
    /^;\/\/ CONCATENATED MODULE: \.\.\/\.\.\/i18n\/src\/locales\/en-US\/(\w+)\.json\n.*?JSON\.parse\('(.*)'\)/gm,
  )
  const found = [...modules].map(([, name = '', text = '']) => [name, JSON.parse(unquoted(text))] as const)
  if (found.length < 20) throw new Error('OHIF: its English catalogue is not where it was')
  return Object.fromEntries(found)
}

// As a string of JavaScript between single quotes.
const unquoted = (text: string): string => text.replace(/\\(['\\])/g, '$1')
