export const reportList = {
  title: 'I tuoi referti',
  patient: 'Informazioni Paziente',
  birthDate: 'Data di nascita',
  heading: 'Elenco dei referti disponibili',
  available: 'Questo referto resterà disponibile online sino al',
  exams: 'Prestazioni eseguite',
  examsLabel: (exams: string) => `Azioni per ${exams}`,
  updated: (day: string) => `Referto aggiornato il ${day}`,
  updatedMore: 'Questa è la versione più recente: sostituisce quella pubblicata prima.',
  viewReport: 'Visualizza referto',
  downloadSigned: 'Scarica il tuo referto firmato',
  viewImages: 'Visualizza immagini',
  downloadImages: 'Scarica immagini',
  legalNote: 'si informa che solo i file firmati digitalmente hanno valore legale',
  imagesArriving:
    'Stanno arrivando altre immagini di questo esame: quando ci sono tutte si potranno anche scaricare.',
  imagesNotYet: 'Le immagini di questo esame non sono ancora nel portale: compariranno qui appena arrivano.',
  noImages: 'Per questo esame non sono previste immagini.',
  protect:
    'Se salvi i file sul tuo dispositivo, ricorda che è buona prassi proteggere i propri dati personali e sensibili.',
  emptyTitle: 'Al momento non ci sono referti disponibili',
  empty:
    'Il periodo di pubblicazione può essere terminato, oppure un referto è stato ritirato. Puoi sempre ritirare la copia su carta allo sportello.',
  receipt: 'Ricevuta di ritiro',
  remove: 'Rimuovi',
  removeAll: 'Rimuovi tutto',
  collected: (day: string) => `Ritirato il ${day}`,
  shareTitle: 'Invia referto e immagini al tuo medico di fiducia',
  shareText:
    'Il medico riceve un collegamento per e-mail; il PIN per aprirlo glielo dai tu. L’esame rimarrà condiviso per 5 giorni.',
  share: 'Condividi con il medico',
  accesses: 'Chi ha visto il mio esame',
  moreLabel: (exams: string) => `Altre operazioni per ${exams}`,
  visitLabel: 'Altre operazioni',
  helpTitle: 'Hai bisogno di aiuto?',
  helpText:
    'Nelle domande frequenti trovi come aprire il referto firmato (.p7m) e come usare le immagini scaricate.',
}
