/// Names of people and what they are to each other.
///
/// Owns: first and last names from many languages, and words for relatives and roles. Must never: name a real person
/// on purpose, or put a first name into two of the lists (a name decides the pronoun).

extension Words {
    static let namesShe = list(
        """
        Adaeze, Agnieszka, Aiko, Alejandra, Amara, Amelie, Anneke, Antonia, Aoife, Ayesha, Beatriz, Birgit, Bronwyn,
        Camille, Carmela, Cecilia, Chiara, Clementine, Dagmar, Daniela, Delphine, Dorothea, Dunja, Edith, Eilidh,
        Elif, Eleni, Esperanza, Fatima, Fenna, Fiona, Frederika, Gabriela, Genevieve, Giulia, Greta, Gwendolyn,
        Hanneke, Harriet, Helga, Hyejin, Imogen, Ines, Ingrid, Isolde, Ivana, Jadwiga, Jocelyn, Josefina, Kalina,
        Katarzyna, Keiko, Kerstin, Khadija, Leocadia, Leila, Liesbeth, Linnea, Lucinda, Magdalena, Maribel, Marta,
        Matilda, Mei, Mireille, Nadezhda, Naledi, Natsuki, Ngozi, Nilufar, Noor, Odette, Oksana, Olympia, Ottilie,
        Paloma, Parvati, Petronella, Philippa, Priya, Ragnhild, Ramona, Renske, Rosalind, Roxana, Saoirse, Saskia,
        Seraphina, Shirin, Sigrid, Simone, Soledad, Svetlana, Tabitha, Tamsin, Thandiwe, Tomoko, Ulrike, Valentina,
        Vasiliki, Verena, Wilhelmina, Winifred, Xiomara, Yasmin, Yevgenia, Yolanda, Zainab, Zuzana, Zofia
        """)

    static let namesHe = list(
        """
        Aleksander, Alistair, Amadou, Anselm, Anton, Arjun, Arnaud, Artem, Baptiste, Bartosz, Bastian, Benedikt,
        Bogdan, Branko, Caspian, Cedric, Chidi, Cormac, Cosmin, Cristobal, Dagobert, Darragh, Declan, Dimitri, Dmytro,
        Edmund, Eduardo, Egon, Emeka, Emiliano, Enzo, Erasmus, Farhad, Faruk, Fergus, Filip, Florian, Francisco,
        Gaspard, Georgi, Gideon, Giacomo, Goran, Gunther, Hamza, Haruto, Hector, Henrik, Hugo, Ibrahim, Ignacio, Ilya,
        Isidro, Ivo, Jakub, Jarek, Jasper, Joaquin, Jonas, Joost, Kaspar, Kenji, Kofi, Konrad, Kwame, Lachlan, Laszlo,
        Leopold, Lorenzo, Ludvig, Magnus, Malik, Marek, Matthias, Mihai, Mustafa, Nikolai, Niels, Olaf, Oluwaseun,
        Oskar, Pavel, Pedro, Percival, Piotr, Quentin, Radovan, Rajesh, Reinhard, Rocco, Ruben, Rupert, Salvatore,
        Sanjay, Sebastiao, Sergei, Soren, Stellan, Sven, Tadeusz, Takeshi, Tariq, Theodor, Tomasz, Umberto, Vaclav,
        Viktor, Vincenzo, Wendell, Wolfgang, Xavier, Yannick, Yusuf, Zoltan
        """)

    static let namesThey = list(
        """
        Ash, Blair, Dakota, Ellis, Emerson, Harley, Indigo, Jules, Kai, Lennox, Marlowe, Nico, Oakley, Phoenix, Quinn,
        Reese, Remy, River, Rowan, Sasha, Sage, Skyler, Tatum, Wren
        """)

    static let lastNames = list(
        """
        Abernathy, Achterberg, Adeyemi, Almeida, Andersson, Antonescu, Aoki, Arslan, Ashdown, Bakker, Baumgartner,
        Bellweather, Benedetti, Bielski, Birkeland, Bjornstad, Blackwood, Bondarenko, Bosworth, Brandtner, Cavendish,
        Chaudhary, Chukwu, Cienfuegos, Claesson, Coppersmith, Cordova, Dabrowski, Dahlgren, Delacroix, Demirci,
        Devlin, Diallo, Dombrovski, Dragomir, Drummond, Eberhardt, Edelstein, Ekholm, Engstrom, Escobedo, Fairweather,
        Farkas, Fennimore, Ferreira, Fitzwilliam, Fontaine, Gallagher, Garrido, Gerasimov, Goldwasser, Gottlieb,
        Grabowski, Gruber, Guimaraes, Halvorsen, Hammerschmidt, Hashimoto, Hathaway, Hernandez, Hollingsworth, Horvat,
        Ibarra, Ikeda, Iversen, Jablonski, Jankowski, Jefferson, Johansson, Kaczmarek, Kandinsky, Karlsson, Kavanagh,
        Khatri, Kirchner, Kobayashi, Kowalczyk, Krishnan, Kuznetsov, Lagerfeld, Lancaster, Larsen, Leclerc, Lindqvist,
        Lombardi, Lundgren, MacGregor, Maddox, Maksimov, Marchetti, Mbeki, McAllister, Mendonca, Mikkelsen, Montague,
        Moreau, Mukherjee, Nakagawa, Navarro, Nkosi, Norrington, Novakova, Nwosu, Obradovic, Oconnor, Oduya, Okafor,
        Olivares, Orlov, Osterhaus, Pacheco, Papadakis, Pemberton, Pereira, Petrossian, Pfeiffer, Pietersen, Popescu,
        Quigley, Radcliffe, Rasmussen, Reinholt, Rinaldi, Rosenthal, Rutkowski, Sandoval, Santangelo, Sawicki,
        Schellenberg, Schimmel, Sedgwick, Shevchenko, Silvestri, Sjoberg, Sokolov, Stavros, Steinmetz, Sutherland,
        Szabo, Takahashi, Tamminga, Thackeray, Thorvald, Tikhonov, Tremblay, Tsukuda, Ueda, Underhill, Valdivia,
        Vanderbeek, Vasquez, Verhoeven, Villanueva, Voskuijlen, Wadsworth, Walczak, Wexford, Whitlock, Wojcik,
        Yamaguchi, Yilmaz, Zabala, Zielinski, Zimmermann
        """)

    static let relatives = list(
        """
        sister, brother, mother, father, aunt, uncle, cousin, niece, nephew, grandmother, grandfather, stepbrother,
        daughter, son, godson, twin sister, mother-in-law, half-brother
        """)

    static let roles = list(
        """
        flatmate, landlord, physiotherapist, piano teacher, line manager, old classmate, tax adviser,
        upstairs neighbour, running partner, choir leader, language tutor, cycling friend, dog walker,
        yoga instructor, former colleague, bandmate, babysitter, study partner, chess partner, allotment neighbour
        """)

    static let professions = list(
        """
        midwife, tram driver, pastry chef, structural engineer, court interpreter, pharmacist, sound technician,
        wildlife ranger, paramedic, patent clerk, shipbroker, glass blower, primary school teacher, radiographer,
        urban planner, beekeeper, stage designer, data analyst, locksmith, geologist, puppeteer, notary, optician,
        air traffic controller, carpenter, cartographer, archivist, speech therapist, forester, watchmaker, goldsmith,
        ferry captain, book restorer, crane operator, dietitian, lighthouse warden, bricklayer, actuary, violin maker,
        veterinary nurse
        """)
}
