"""The colour of each status. Panels also show each status as text."""

# The palette of Okabe and Ito, which people with any colour vision can distinguish.
GREY, ORANGE, SKY, GREEN = "#999999", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

# The values of geelark_phones' label `status`.
STATUSES = {
    "started": GREEN,
    "starting": YELLOW,
    "shut_down": GREY,
    "expired": VERMILION,
    "other": PURPLE,
    "not_found": ORANGE,
    "stale": BLUE,
}
# GeeLark's codes, and its code for an id it does not know, as the Phone dashboard shows them.
CODES = {
    0: ("Started", GREEN),
    1: ("Starting", YELLOW),
    2: ("Shut down", GREY),
    3: ("Expired", VERMILION),
    42001: ("Not found", ORANGE),
}
