/// Places, organisations and the things of a household.
///
/// Owns: the nouns that everyday facts are filled with. Must never: carry a fact; a word here stands for nothing but
/// itself.

extension Words {
    static let cities = list(
        """
        Lisbon, Porto, Ghent, Tampere, Gdansk, Bergen, Uppsala, Aarhus, Leipzig, Graz, Ljubljana, Zagreb, Brno,
        Krakow, Vilnius, Tartu, Riga, Thessaloniki, Valletta, Palermo, Turin, Bologna, Lyon, Nantes, Bilbao, Valencia,
        Seville, Cork, Galway, Glasgow, Dundee, Bristol, Norwich, Utrecht, Groningen, Antwerp, Basel, Lausanne,
        Innsbruck, Dresden, Rostock, Odense, Malmo, Turku, Reykjavik, Tbilisi, Yerevan, Almaty, Izmir, Ankara, Haifa,
        Amman, Alexandria, Tunis, Rabat, Dakar, Accra, Lagos, Nairobi, Kampala, Windhoek, Durban, Pune, Chennai,
        Jaipur, Colombo, Kathmandu, Hanoi, Penang, Cebu, Surabaya, Sapporo, Fukuoka, Nagoya, Busan, Taichung,
        Adelaide, Hobart, Dunedin, Wellington, Halifax, Winnipeg, Calgary, Boise, Tucson, Savannah, Duluth, Tacoma,
        Albuquerque, Oaxaca, Merida, Medellin, Cusco, Valparaiso, Rosario, Cordoba, Curitiba, Recife, Salvador,
        Montevideo
        """)

    static let countries = list(
        """
        Portugal, Slovenia, Estonia, Iceland, Georgia, Morocco, Senegal, Kenya, Namibia, Vietnam, Malaysia, Japan,
        Korea, Peru, Chile, Uruguay, Canada, Ireland, Scotland, Greece, Malta, Croatia, Norway, Finland, Latvia,
        Sri Lanka
        """)

    static let streets = list(
        """
        Alder Lane, Birchwood Avenue, Canal Street, Damson Close, Elmfield Road, Ferry Quay, Granary Square,
        Harbour Walk, Ivy Terrace, Juniper Hill, Kiln Street, Lantern Alley, Mill Race, Nightingale Row, Orchard Gate,
        Pepper Street, Quarry Road, Rope Walk, Saddler Street, Tannery Lane, Vine Court, Weaver Street, Yarrow Mews,
        Old Foundry Road, Sexton Place, Cooper Bridge, Larkspur Drive, Miner Row
        """)

    static let companies = list(
        """
        Amberline, Brightwater, Castellan, Driftmark, Eastgate Labs, Fernhill, Greyloch, Halcyon Freight, Ironbark,
        Juniper Health, Kestrel Optics, Larkfield, Meridian Rail, Northpine, Oakhurst, Pellucid, Quillwork, Ravenmoor,
        Saltmarsh, Thornbury, Umbra Systems, Vantage Grain, Westering, Yellowtail, Zephyr Mobility, Bluestem,
        Copperleaf, Dunmore Textiles, Elderflower Media, Fathom Energy, Glasshouse, Harrowgate Insurance, Inkwell,
        Jadepoint, Kingfisher Logistics, Lodestar, Mossbank, Nettlefield, Orrery, Palisade, Quaystone, Redshank,
        Silverbirch, Tidepool, Upland Dairy, Verdigris, Willowbrook, Anchor Bay Foods, Basalt Robotics, Cinderpath
        """)

    static let petNames = list(
        """
        Biscuit, Pickles, Nimbus, Waffles, Tofu, Marzipan, Sprocket, Bramble, Dumpling, Gizmo, Hazelnut, Juno, Koala,
        Lentil, Mochi, Noodle, Olive, Pebble, Quince, Rhubarb, Saffron, Truffle, Umlaut, Velcro, Widget, Yuzu, Zigzag,
        Banjo, Clover, Domino, Ember, Figaro, Ginger, Hobbit, Inky, Jellybean, Kipper, Loki, Muffin, Nacho
        """)

    static let pets = list(
        """
        tabby cat, beagle, tortoise, budgie, ferret, greyhound, rabbit, dachshund, cockatiel, guinea pig, hedgehog,
        border collie, gecko, canary, spaniel, goldfish, parrot, hamster, whippet, chinchilla, corn snake, pony
        """)

    static let foods = list(
        """
        lentil soup, mushroom risotto, pumpkin gnocchi, fish tacos, beetroot salad, shakshuka, leek tart, lamb tagine,
        miso aubergine, spinach dumplings, jollof rice, goulash, paella, ramen, pierogi, moussaka, okonomiyaki,
        chickpea curry, cauliflower cheese, bean chilli, clam chowder, cabbage rolls, pho, empanadas, ratatouille,
        barley stew, gazpacho, halloumi wraps, potato rosti, saltimbocca, saag paneer, cornbread
        """)

    static let ingredients = list(
        """
        peanuts, shellfish, celery, sesame, mustard, walnuts, soy, lupin, kiwi fruit, strawberries, penicillin,
        buckwheat, cashews, mango, eggs, latex, wasp stings, birch pollen, ibuprofen, house dust
        """)

    static let drinks = list(
        """
        oat flat white, jasmine tea, espresso macchiato, rooibos, ginger lemonade, cold brew, chai latte, kombucha,
        sencha, hot chocolate, peppermint tea, tonic water, mate, cider, elderflower spritz, buttermilk
        """)

    static let hobbies = list(
        """
        bouldering, linocut printing, fencing, sea kayaking, bookbinding, bread baking, birdwatching, pottery,
        archery, tango, orienteering, beekeeping, calligraphy, rowing, whittling, improv theatre, juggling, macrame,
        stargazing, foraging, model railways, origami, crossword setting, cello, bell ringing, curling, parkour,
        snorkelling, wood carving, embroidery, go, capoeira, geocaching, lock picking, urban sketching, ukulele,
        trail running
        """)

    static let illnesses = list(
        """
        tennis elbow, migraine, sciatica, hay fever, bronchitis, iron deficiency, tonsillitis, plantar fasciitis,
        shingles, a stress fracture, tinnitus, sinusitis, gout, vertigo, carpal tunnel syndrome, whooping cough,
        appendicitis, a slipped disc, eczema, conjunctivitis, a torn meniscus, glandular fever
        """)

    static let instruments = list(
        "cello, accordion, oboe, mandolin, trombone, harp, bassoon, viola, marimba, clarinet, bagpipes, theremin")

    static let languages = list(
        """
        Hungarian, Swahili, Catalan, Icelandic, Tagalog, Urdu, Basque, Estonian, Welsh, Amharic, Khmer, Slovene,
        Maltese, Georgian, Yoruba, Quechua, Finnish, Bengali
        """)

    static let adjectives = list(
        """
        amber, hollow, silent, crooked, distant, frozen, gilded, hidden, iron, jagged, kindred, lonely, midnight,
        narrow, obsidian, painted, quiet, restless, scarlet, tangled, unwritten, velvet, weathered, borrowed, copper,
        drowning, emerald, feathered, glass, humming, last, paper, seventh, wandering
        """)

    static let nouns = list(
        """
        Archive, Bridge, Cartographer, Dynasty, Estuary, Furnace, Garden, Harvest, Island, Journey, Kingdom, Lantern,
        Meadow, Navigator, Orchestra, Parade, Quarry, Reservoir, Summit, Tapestry, Umbrella, Voyage, Winter, Yard,
        Almanac, Beacon, Clockmaker, Daughter, Embassy, Ferryman, Glacier, Horizon, Inheritance, Jubilee, Locksmith
        """)

    static let colours = list(
        """
        teal, maroon, mustard yellow, charcoal, lavender, olive green, coral, navy, turquoise, burgundy, ivory, ochre,
        salmon pink, slate grey, mint, indigo
        """)

    static let weekdays = list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
    static let months = list(
        """
        January, February, March, April, May, June, July, August, September, October, November, December
        """)

    static let rooms = list(
        "kitchen, hallway, attic, bathroom, cellar, balcony, guest room, study, utility room, porch, garage, pantry")

    static let gifts = list(
        """
        pocket telescope, wool blanket, pasta maker, fountain pen, hammock, cast-iron pan, board game,
        concert voucher, terrarium, jigsaw puzzle, record player, leather satchel, bird feeder, espresso pot, kite,
        enamel mug, sourdough starter, star map, folding knife, bath robe
        """)

    static let subjects = list(
        """
        marine biology, medieval history, tax law, soil science, Byzantine art, graph theory, nursing ethics,
        acoustics, Norse mythology, game theory, glaciology, textile design, criminology, volcanology, phonetics,
        bookkeeping, landscape architecture, food chemistry
        """)
}
