using System.Buffers.Binary;

namespace RawSocketChat.Server.Files.Images;

/// <summary>
/// The orientation of a picture: how a viewer must turn and mirror it (Exif 2.32, section 4.6.4, tag 0x0112). It is the only part of the Exif data
/// that viewers need to show the picture.
/// </summary>
internal static class Orientation
{
    /// <summary>The picture is shown as it is stored.</summary>
    public const int Normal = 1;

    private const int Tag = 0x0112;
    private const int ShortType = 3;
    private const int EntryBytes = 12;

    /// <summary>Finds the orientation in Exif data.</summary>
    /// <param name="exif">The Exif data. It begins with the TIFF header.</param>
    /// <returns>1 to 8. <see cref="Normal"/> if the data is not valid or has no orientation.</returns>
    public static int Find(ReadOnlySpan<byte> exif)
    {
        if (exif.Length < 8)
            return Normal;
        var isLittleEndian = exif.StartsWith("II*\0"u8);
        if (!isLittleEndian && !exif.StartsWith("MM\0*"u8))
            return Normal;
        var offset = ReadUInt32(exif[4..], isLittleEndian);
        if (offset > exif.Length - 2)
            return Normal;
        var directory = exif[(int)offset..];
        var count = ReadUInt16(directory, isLittleEndian);
        var entries = directory[2..];
        for (var i = 0; i < count && entries.Length >= EntryBytes; i++, entries = entries[EntryBytes..])
        {
            if (ReadUInt16(entries, isLittleEndian) == Tag && ReadUInt16(entries[2..], isLittleEndian) == ShortType)
                return ReadUInt16(entries[8..], isLittleEndian) is >= 1 and <= 8 and var found ? found : Normal;
        }

        return Normal;
    }

    /// <summary>Creates Exif data that contains only the orientation. It begins with the TIFF header.</summary>
    public static byte[] CreateExif(int orientation) =>
    [
        .. "MM\0*"u8, 0, 0, 0, 8,               // big-endian; the directory follows
        0, 1,                                   // one entry
        Tag >> 8, Tag & 0xFF, 0, ShortType, 0, 0, 0, 1, 0, (byte)orientation, 0, 0,
        0, 0, 0, 0,                             // no other directory
    ];

    private static int ReadUInt16(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint ReadUInt32(ReadOnlySpan<byte> bytes, bool isLittleEndian) =>
        isLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
