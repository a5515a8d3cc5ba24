// The server sees no screen: where this one is small, the links to the images say so, and lead to the quick view.
const SMALL = '(max-width: 767px)'

for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href$="/immagini"]')) {
  const plain = link.href
  link.addEventListener('click', () => {
    link.href = `${plain}?schermo=${matchMedia(SMALL).matches ? 'piccolo' : 'grande'}`
  })
}
