/** Structured reports of the archive, shown as text. */
export const structured = {
  title: 'Documenti strutturati',
  heading: 'Documenti strutturati dell’esame',
  lead: 'Testi e misure registrati insieme alle immagini. Le voci sono scritte come le ha registrate l’apparecchio o il medico. Il referto resta il documento firmato.',
  open: 'Documenti strutturati',
  back: 'Torna al referto',
  untitled: 'Documento strutturato',
  date: 'Data del documento',
  author: 'Autore',
  state: 'Stato',
  complete: 'Completo',
  partial: 'Parziale',
  verified: (who: string) => (who ? `Verificato da ${who}` : 'Verificato'),
  unverified: 'Non verificato da un medico',
  unreadable: 'Questo documento non può essere mostrato come testo. È presente nel disco con le immagini.',
  empty: 'Il documento non contiene testo.',
}
