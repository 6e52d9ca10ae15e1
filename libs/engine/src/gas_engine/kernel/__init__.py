"""The compiled core: blocks of VCF text to lines and columns, without a Python object per record.

What it does is what ``records``, ``consequence``, ``coding``, ``structure`` and ``hgvs`` do, in the same
order and by the same names; those stay the ones to read for the rules. A record that it does not handle it
gives back whole, and they answer for it.
"""
