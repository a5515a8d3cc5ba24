/** Proof that a report was collected (S39b): nothing of what it says. */
export const receipt = {
  title: 'Ricevuta di ritiro del referto',
  statement: (organisation: string) =>
    `${organisation} attesta che il referto indicato qui sotto è stato messo a disposizione online e ritirato dalla persona interessata, con i propri PIN, nelle date indicate.`,
  statementNone: (organisation: string) =>
    `${organisation} attesta che il referto indicato qui sotto è stato messo a disposizione online. Alla data di questo documento non risulta ancora ritirato.`,
  name: 'Cognome e nome',
  accessionNumber: 'Numero Accettazione',
  exam: 'Prestazione',
  examDate: 'Data Esame',
  publishedAt: 'Disponibile online dal',
  firstViewedAt: 'Letto la prima volta',
  firstDownloadedAt: 'Referto firmato scaricato la prima volta',
  never: 'non risulta',
  at: (day: string, time: string) => `${day}, ore ${time}`,
  zone: 'Le ore sono quelle italiane.',
  issuedAt: (day: string, time: string) =>
    `Documento prodotto dal portale di ritiro referti il ${day} alle ore ${time}, su richiesta della persona interessata. I dati provengono dal registro degli accessi del portale. Non contiene il referto.`,
}
