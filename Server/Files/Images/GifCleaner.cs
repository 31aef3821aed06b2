namespace RawSocketChat.Server.Files.Images;

/// <summary>Copies the GIF blocks that a viewer needs (Graphics Interchange Format 89a).</summary>
internal static class GifCleaner
{
    private const byte Trailer = 0x3B;
    private const byte Extension = 0x21;
    private const byte Image = 0x2C;
    private const byte GraphicControl = 0xF9;
    private const byte Application = 0xFF;
    private const int ApplicationBytes = 11;

    public static void Copy(ImageReader source, ImageWriter target)
    {
        // The signature and the logical screen descriptor.
        Span<byte> screen = stackalloc byte[13];
        source.Read(screen);
        if (!screen.StartsWith("GIF87a"u8) && !screen.StartsWith("GIF89a"u8))
            throw new ImageFormatException("the signature is missing");
        target.Write(screen);
        CopyColors(source, target, screen[10]);
        var hasImage = false;

        // Many programs write no trailer, and all viewers accept this.
        while (!source.IsAtEnd && source.ReadByte() is not Trailer and var block)
        {
            switch (block)
            {
                case Extension:
                    CopyExtension(source, target);
                    break;
                case Image:
                    CopyImage(source, target);
                    hasImage = true;
                    break;
                default:
                    throw new ImageFormatException("a block is not valid");
            }
        }

        if (!hasImage)
            throw new ImageFormatException("the picture is missing");
        target.Write(Trailer);
    }

    private static void CopyImage(ImageReader source, ImageWriter target)
    {
        Span<byte> descriptor = stackalloc byte[9];
        source.Read(descriptor);
        target.Write(Image);
        target.Write(descriptor);
        CopyColors(source, target, descriptor[8]);
        target.Write(source.ReadByte());    // the size of the LZW codes
        CopySubBlocks(source, target);
    }

    private static void CopyExtension(ImageReader source, ImageWriter target)
    {
        var label = source.ReadByte();
        if (label == GraphicControl)
        {
            target.Write([Extension, label]);
            CopySubBlocks(source, target);
        }
        else if (label == Application)
            CopyApplicationExtension(source, target);
        else
            SkipSubBlocks(source);
    }

    // Keeps only the bytes with the number of repetitions of an animation.
    private static void CopyApplicationExtension(ImageReader source, ImageWriter target)
    {
        var length = source.ReadByte();
        if (length != ApplicationBytes)
        {
            source.Skip(length);
            if (length > 0)
                SkipSubBlocks(source);
            return;
        }

        Span<byte> name = stackalloc byte[ApplicationBytes];
        source.Read(name);
        if (!name.SequenceEqual("NETSCAPE2.0"u8) && !name.SequenceEqual("ANIMEXTS1.0"u8))
        {
            SkipSubBlocks(source);
            return;
        }

        Span<byte> loop = stackalloc byte[3];
        for (var count = source.ReadByte(); count > 0; count = source.ReadByte())
        {
            if (count != loop.Length)
            {
                source.Skip(count);
                continue;
            }

            source.Read(loop);
            if (loop[0] != 1)
                continue;
            target.Write([Extension, Application, ApplicationBytes]);
            target.Write(name);
            target.Write((byte)loop.Length);
            target.Write(loop);
            target.Write(0);
            SkipSubBlocks(source);
            return;
        }
    }

    private static void CopyColors(ImageReader source, ImageWriter target, byte flags)
    {
        if ((flags & 0x80) != 0)
            source.CopyTo(target, 3 << ((flags & 7) + 1));
    }

    private static void CopySubBlocks(ImageReader source, ImageWriter target)
    {
        for (var count = source.ReadByte(); ; count = source.ReadByte())
        {
            target.Write(count);
            if (count == 0)
                return;
            source.CopyTo(target, count);
        }
    }

    private static void SkipSubBlocks(ImageReader source)
    {
        for (var count = source.ReadByte(); count > 0; count = source.ReadByte())
            source.Skip(count);
    }
}
