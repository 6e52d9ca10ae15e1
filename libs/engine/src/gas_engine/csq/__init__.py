"""The second engine: bcftools csq (Danecek & McCarthy 2017, Bioinformatics 33:2037), as pysam carries it."""
