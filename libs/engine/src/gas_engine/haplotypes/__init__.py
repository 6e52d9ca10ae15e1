"""What the variants of one haplotype do to a protein together: the mode ``--haplotypes``.

Records go to the output as ever; `writer` holds back those whose transcripts are not over, `groups` gathers
the coding variants of each transcript, `compound` reads the changed message, `genotypes` the samples.
"""
