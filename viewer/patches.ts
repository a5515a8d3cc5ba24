import fixed from './locale/fixed.json' with { type: 'json' }
import italian from './locale/it.json' with { type: 'json' }
import page from './locale/page.json' with { type: 'json' }

/** One change to OHIF's own files. `times` is how often it must apply over all files: no more, no fewer. */
export interface Patch {
  why: string
  find: string | RegExp
  replace: string
  times: number
}

/** Applies every patch to every text; a patch that does not apply as often as promised stops the build. */
export function applyPatches(texts: Map<string, string>, patches: readonly Patch[]): void {
  const wrong: string[] = []
  for (const patch of patches) {
    const applied = applyPatch(texts, patch)
    if (applied === patch.times) continue
    wrong.push(`  ${applied} times instead of ${patch.times}: ${patch.why}\n    ${String(patch.find)}`)
  }
  if (wrong.length > 0) {
    throw new Error(`OHIF has changed: these patches no longer apply as expected\n${wrong.join('\n')}`)
  }
}

function applyPatch(texts: Map<string, string>, { find, replace }: Patch): number {
  let applied = 0
  for (const [name, text] of texts) {
    if (typeof find === 'string') {
      const parts = text.split(find)
      if (parts.length === 1) continue
      applied += parts.length - 1
      texts.set(name, parts.join(replace))
      continue
    }
    const found = text.match(find)?.length ?? 0
    if (found === 0) continue
    applied += found
    texts.set(name, text.replace(find, replace))
  }
  return applied
}

const DROPPED = [
  'extension-cornerstone-dynamic-volume',
  'extension-dicom-microscopy',
  'extension-measurement-tracking',
  'extension-test',
  'extension-tmtv',
  'extension-ultrasound-pleura-bline',
  'mode-basic-dev-mode',
  'mode-longitudinal',
  'mode-microscopy',
  'mode-preclinical-4d',
  'mode-segmentation',
  'mode-test',
  'mode-tmtv',
  'mode-ultrasound-pleura-bline',
]

/** What is left out of OHIF before looking which files are still needed. */
export const MODULE_PATCHES: readonly Patch[] = [
  ...DROPPED.map((name) => ({
    why: `leave out ${name}`,
    find: new RegExp(`  if \\(module === "@ohif/${name}"\\) \\{\\n.*\\n.*\\n  \\}\\n`, 'g'),
    replace: '',
    times: 1,
  })),
  {
    why: 'load only the modes and extensions we keep at start',
    find: new RegExp(`pluginImports_\\w+\\.push\\("@ohif/(${DROPPED.join('|')})"\\);\\n`, 'g'),
    replace: '',
    times: 7,
  },
  {
    why: 'no module from elsewhere: the microscopy viewer',
    find: / {2}if \(module === "dicom-microscopy-viewer"\) \{\n.*\n.*\n {2}\}\n/g,
    replace: '',
    times: 1,
  },
  {
    why: 'no module from elsewhere: names from configuration or address',
    find: 'return (await window.browserImportFunction(module)).default;',
    replace: "throw new Error('not part of this viewer: ' + module);",
    times: 1,
  },
]

/** Changes to the files that are served below `base`, the versioned folder. */
export function filePatches(base: string): Patch[] {
  return [
    ...fixed.map((text) => ({ why: 'a text that OHIF does not translate', ...text })),
    {
      why: 'chunks and workers are asked for below /viewer/',
      find: '__webpack_require__.p = "/";',
      replace: `__webpack_require__.p = ${JSON.stringify(base)};`,
      times: 4,
    },
    {
      why: 'fonts of the style sheet',
      find: /url\(\/(?=[0-9a-f]+\.woff2\))/g,
      replace: `url(${base}`,
      times: 5,
    },
    {
      why: 'S20: never ask for the patient’s other studies, not even to be refused',
      find: /const mrn = qidoForStudyUID\[0\]\.mrn;\n/g,
      replace: 'const mrn = undefined;\n',
      times: 1,
    },
    {
      why: 'no About, Preferences, Appearance: they lead elsewhere',
      find: 'menuOptions: menuOptions,\n    isReturnEnabled',
      replace: 'menuOptions: [],\n    isReturnEnabled',
      times: 2,
    },
    {
      why: 'no gear without a menu behind it',
      find: /className: "flex-shrink-0"\n\s*\}, (?=.{0,20}react\.createElement\(DropdownMenu_DropdownMenu, null)/g,
      replace: 'className: "flex-shrink-0"}, menuOptions.length > 0 && ',
      times: 1,
    },
    {
      why: 'a class for our style sheet: the tools, which go to the bottom on a phone',
      find: /className: "absolute left-1\/2 top-1\/2 -translate-x-1\/2 -translate-y-1\/2 transform"(?=\n {2}\}, .{0,20}react\.createElement\("div", \{\n {4}className: "flex items-center justify-center space-x-2"\n {2}\}, children\))/g,
      replace:
        'className: "ritiro-tools absolute left-1/2 top-1/2 -translate-x-1/2 -translate-y-1/2 transform"',
      times: 1,
    },
    {
      why: 'a class for our style sheet: the height of everything below the header',
      find: /className: "relative flex w-full flex-row flex-nowrap items-stretch overflow-hidden bg-background",\n {4}style: \{\n {6}height: 'calc\(100vh - 52px\)'/g,
      replace:
        'className: "ritiro-below relative flex w-full flex-row flex-nowrap items-stretch overflow-hidden bg-background",style: {',
      times: 1,
    },
    {
      why: 'one click or touch opens a series: patients do not know that it takes two',
      find: 'onClickThumbnail: () => {},\n    onDoubleClickThumbnail: onDoubleClickThumbnailHandler,',
      replace: 'onClickThumbnail: onDoubleClickThumbnailHandler, onDoubleClickThumbnail: () => {},',
      times: 1,
    },
    {
      why: 'a touch is a click already; and the end of scrolling the list is none',
      find: /const handleTouchEnd = e => \{\n[\s\S]*?setLastTap\(currentTime\);\n {2}\};/g,
      replace: 'const handleTouchEnd = () => {};',
      times: 1,
    },
    {
      why: 'nothing is stored here (S45: no STOW): no "Create SR"',
      find: /, \/\*#__PURE__\*\/react\.createElement\((?:(?!createElement|stopPropagation)[\s\S])*stopPropagation\(\);\n\s*if \(actions\?\.createSR\)[\s\S]*?t\('Create SR'\)\)/g,
      replace: '',
      times: 1,
    },
    {
      why: 'sorting by date reads back the date as shown, which is not possible in Italian',
      find: /studyBrowserCustomization_formatDate\((a|b)\?\.SeriesDate\)/g,
      replace: "studyBrowserCustomization_formatDate($1?.SeriesDate, 'YYYY-MM-DD')",
      times: 2,
    },
    {
      why: 'S47: no list of local files, no debug page, whatever the address says',
      find: /const bakedInRoutes = \[\{[\s\S]*?\n\}\];/g,
      replace: `const bakedInRoutes = [{ path: '/notfoundserver', children: NotFoundServer }, { path: '/notfoundstudy', children: NotFoundStudy }];`,
      times: 1,
    },
    {
      why: 'S20: one tab, this exam: no "recent", no "all"',
      find: 'createStudyBrowserTabs(StudyInstanceUIDs, studyDisplayList, displaySets);',
      replace: 'createStudyBrowserTabs(StudyInstanceUIDs, studyDisplayList, displaySets).slice(0, 1);',
      times: 1,
    },
    {
      why: 'a dialog without a name is an error of accessibility, and one in the console',
      find: '!unstyled && /*#__PURE__*/react.createElement(DialogHeader, null, title &&',
      replace:
        'unstyled ? react.createElement(Dialog_DialogTitle, { className: "sr-only" }, title || "Menu") : react.createElement(DialogHeader, null, title &&',
      times: 1,
    },
    {
      why: 'an empty pane says what may be done about it',
      find: /react\.createElement\("div", null\);\n\}\n(?=\/\* export default \*\/ const components_EmptyViewport)/g,
      replace: `react.createElement("div", { className: "ritiro-empty" }, ${JSON.stringify(page.empty)});}\n`,
      times: 1,
    },
    {
      why: 'a text that ends in "false"',
      find: /\$\{!isProduction && ` \$\{t\('in'\)\} \$\{context\}`\}\.`/g,
      replace: '.`',
      times: 1,
    },
    {
      why: 'PS3.3 C.17.3: a content item of a structured report may have no concept name; OHIF crashes on it',
      find: '} = ConceptNameCodeSequence;\n  const isChildFirstNode',
      replace: '} = ConceptNameCodeSequence ?? {};\n  const isChildFirstNode',
      times: 1,
    },
    {
      why: 'a warning in the console: the timer it ends was started inline in its own page',
      find: 'scriptToView: true',
      replace: 'scriptToView: false',
      times: 1,
    },
    {
      why: 'answers that ritiro.js asked for while the scripts were on their way',
      find: /Accept: MEDIATYPES\.DICOM_JSON\n\s*\};\n\s*var responseType = 'json';\n\s*return this\._httpGet\(urlWithQueryParams, headers, responseType, progressCallback, withCredentials\);/g,
      replace: `Accept: MEDIATYPES.DICOM_JSON};
      const ask = () => this._httpGet(urlWithQueryParams, headers, 'json', progressCallback, withCredentials);
      const early = window.ritiro.early(urlWithQueryParams);
      return early ? early.then((told) => told ?? ask()) : ask();`,
      times: 1,
    },
    {
      why: 'S47: no token from the address',
      find: "const token = lowerCaseSearchParams.get('token');",
      replace: 'const token = null;',
      times: 1,
    },
    {
      why: 'catalogues of other languages',
      find: /;\/\/ CONCATENATED MODULE: \.\.\/\.\.\/i18n\/src\/locales\/(?!en-US\/|index\.js)[^\n]*\n(?:(?!;\/\/ CONCATENATED MODULE)[^\n]*\n)*/g,
      replace: '',
      times: 244,
    },
    {
      why: 'Italian beside English; the other languages are left out',
      find: /const src_locales = \(\{[^}]*\}\);/g,
      replace: `const src_locales = { ...en_US, it: ${JSON.stringify(italian).replaceAll('$', '$$$$')} };`,
      times: 1,
    },
    {
      why: 'always Italian, whatever browser, cookie or address say',
      find: 'resources: src_locales,',
      replace: "resources: src_locales, lng: 'it',",
      times: 1,
    },
    {
      why: 'no language cookie (it would need a mention in the privacy notice)',
      find: "caches: ['localStorage', 'cookie']",
      replace: 'caches: []',
      times: 1,
    },
  ]
}
