"""The place: villages, facilities and their zones, where CHWs live, and who the families are."""
