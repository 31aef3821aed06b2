namespace RawSocketChat.Server.Files.Images;

/// <summary>Copies the JPEG segments that a viewer needs (ITU-T T.81, annex B).</summary>
internal static class JpegCleaner
{
    private const byte StartOfImage = 0xD8;
    private const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;
    private const byte Comment = 0xFE;
    private const byte FirstApplication = 0xE0;
    private const byte LastApplication = 0xEF;
    private const byte Exif = 0xE1;

    // The identifier, version, unit and two densities of a JFIF segment. A thumbnail may follow.
    private const int JfifBytes = 12;

    /// <summary>Copies an image, and returns its orientation.</summary>
    /// <exception cref="ImageFormatException">The image is not valid.</exception>
    public static int Copy(ImageReader source, ImageWriter target)
    {
        if (source.ReadByte() != 0xFF || source.ReadByte() != StartOfImage)
            throw new ImageFormatException("the start of the image is missing");
        target.Write([0xFF, StartOfImage]);
        var (hasFrame, hasScan, orientation) = (false, false, Orientation.Normal);
        for (var marker = ReadMarker(source); marker != EndOfImage;)
        {
            if (marker is 0x01 or (>= 0xD0 and <= StartOfImage))
                throw new ImageFormatException("a marker is at a wrong place");
            var length = source.ReadUInt16BigEndian() - 2;
            if (length < 0)
                throw new ImageFormatException("a segment is too short");
            if (marker is >= FirstApplication and <= LastApplication)
                CopyApplicationSegment(source, target, marker, length, ref orientation);
            else if (marker == Comment)
                source.Skip(length);
            else
            {
                WriteHeader(target, marker, length);
                source.CopyTo(target, length);
                hasFrame |= IsFrame(marker);
            }

            if (marker == StartOfScan)
            {
                hasScan = true;
                marker = CopyScan(source, target);
            }
            else
                marker = ReadMarker(source);
        }

        if (!hasFrame || !hasScan)
            throw new ImageFormatException("the picture is missing");
        target.Write([0xFF, EndOfImage]);
        return orientation;
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static void CopyApplicationSegment(ImageReader source, ImageWriter target, byte marker, int length, ref int orientation)
    {
        var bytes = new byte[length];
        source.Read(bytes);
        ReadOnlySpan<byte> data = bytes;
        if (marker == Exif && data.StartsWith("Exif\0\0"u8))
        {
            if (orientation == Orientation.Normal && Orientation.Find(data[6..]) is not Orientation.Normal and var found)
            {
                orientation = found;
                WriteSegment(target, marker, [.. "Exif\0\0"u8, .. Orientation.CreateExif(orientation)]);
            }
        }
        else if (marker == FirstApplication && data.StartsWith("JFIF\0"u8) && length >= JfifBytes)
            WriteSegment(target, marker, [.. data[..JfifBytes], 0, 0]);
        // Keep the color profile (ICC.1, annex B.4), and the color space (Adobe's technical note 5116).
        else if ((marker == 0xE2 && data.StartsWith("ICC_PROFILE\0"u8)) || (marker == 0xEE && data.StartsWith("Adobe"u8)))
            WriteSegment(target, marker, data);
    }

    private static void WriteSegment(ImageWriter target, byte marker, ReadOnlySpan<byte> data)
    {
        WriteHeader(target, marker, data.Length);
        target.Write(data);
    }

    private static void WriteHeader(ImageWriter target, byte marker, int length)
    {
        target.Write([0xFF, marker]);
        target.WriteUInt16BigEndian(length + 2);
    }

    private static byte ReadMarker(ImageReader source)
    {
        if (source.ReadByte() != 0xFF)
            throw new ImageFormatException("a marker is missing");
        return ReadCode(source) is not 0 and var code ? code : throw new ImageFormatException("a marker is missing");
    }

    // Reads the code after a byte 0xFF. Any number of bytes 0xFF may come before the code.
    private static byte ReadCode(ImageReader source)
    {
        var code = source.ReadByte();
        while (code == 0xFF)
            code = source.ReadByte();
        return code;
    }

    // Copies the entropy-coded data of a scan, and returns the marker after the data. Inside the data, a byte 0xFF is followed by a byte 0, or begins
    // a restart marker.
    private static byte CopyScan(ImageReader source, ImageWriter target)
    {
        while (true)
        {
            var buffered = source.Buffered;
            var next = buffered.IndexOf((byte)0xFF);
            source.CopyTo(target, next < 0 ? Math.Max(1, buffered.Length) : next);
            if (next < 0)
                continue;
            source.ReadByte();
            var code = ReadCode(source);
            if (code is not (0 or (>= 0xD0 and <= 0xD7)))
                return code;
            target.Write([0xFF, code]);
        }
    }
}
