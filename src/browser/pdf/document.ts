// The legacy build: the plain one asks for browsers of the last year, and patients have older telephones.
import { GlobalWorkerOptions, getDocument, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'

/** Opens a PDF of this site with the worker, character maps and fonts of this site (strict CSP). */
export async function openPdf({ url, worker, pdfjs }: DOMStringMap): Promise<PDFDocumentProxy> {
  GlobalWorkerOptions.workerSrc = worker ?? ''
  return await getDocument({
    url: new URL(url ?? '', location.href).href,
    cMapUrl: `${pdfjs}/cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${pdfjs}/standard_fonts/`,
    iccUrl: `${pdfjs}/iccs/`,
    // The CSP grants no 'wasm-unsafe-eval': JPEG 2000 and JBIG2 scans are decoded by the plain scripts of this folder.
    wasmUrl: `${pdfjs}/wasm/`,
    useWasm: false,
    useWorkerFetch: true,
    enableXfa: false,
    verbosity: 0,
  }).promise
}
