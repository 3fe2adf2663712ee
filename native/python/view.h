// An array argument as the caller holds it: a tensor's through DLPack's C functions where its library offers them (torch
// does), NumPy's through the buffer protocol; either takes a fraction of what a call of its `__dlpack__` takes. What has
// neither, or a type that we do not read, goes through nanobind.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>

namespace bigru_python {

using Tensor = nanobind::dlpack::dltensor;
using Look = int (*)(void* object, Tensor* tensor);  // fills in a view that holds no reference; 0 if it can

// The head of DLPackExchangeAPI of dlpack.h 1.3, whose layout holds within a major version.
struct ExchangeApi {
  uint32_t major, minor;
  const void* previous;
  void (*allocate)();
  void (*managed_from_object)();
  void (*managed_to_object)();
  Look look;
};

inline Look find_look(PyTypeObject* type) {
  PyObject* capsule = PyObject_GetAttrString(reinterpret_cast<PyObject*>(type), "__dlpack_c_exchange_api__");
  const void* api = capsule ? PyCapsule_GetPointer(capsule, "dlpack_exchange_api") : nullptr;
  Py_XDECREF(capsule);
  PyErr_Clear();
  const auto* known = static_cast<const ExchangeApi*>(api);
  return known && known->major == 1 ? known->look : nullptr;
}

// What a type offers, asked once for each of the first few types. Called with the interpreter lock held.
inline Look look_of(PyTypeObject* type) {
  struct Known { PyTypeObject* type; Look look; };
  static Known known[8];
  for (Known& k : known) {
    if (k.type == type) return k.look;
    if (!k.type) {
      Py_INCREF(type);  // so that no other type ever has its address
      k = {type, find_look(type)};
      return k.look;
    }
  }
  return find_look(type);
}

// The type that a format of the buffer protocol names, in this machine's byte order; no bits if it is none of ours.
inline nanobind::dlpack::dtype type_of(const char* format, Py_ssize_t size) {
  using nanobind::dlpack::dtype_code;
  const char c = format && format[0] && !format[1] ? format[0] : 0;
  const uint8_t bits = static_cast<uint8_t>(size * 8);
  if (c == 'f' || c == 'd') return {static_cast<uint8_t>(dtype_code::Float), bits, 1};
  if (c == 'b' || c == 'i' || c == 'l' || c == 'q') return {static_cast<uint8_t>(dtype_code::Int), bits, 1};
  if (c == 'B' || c == 'I' || c == 'L' || c == 'Q') return {static_cast<uint8_t>(dtype_code::UInt), bits, 1};
  return {0, 0, 0};
}

template <class Imported, bool writes> class View {
 public:
  size_t ndim() const { return seen_ ? static_cast<size_t>(tensor_.ndim) : imported_.ndim(); }
  size_t shape(size_t i) const { return seen_ ? static_cast<size_t>(extents()[i]) : imported_.shape(i); }
  int64_t stride(size_t i) const { return seen_ ? steps()[i] : imported_.stride(i); }
  nanobind::dlpack::dtype dtype() const { return seen_ ? tensor_.dtype : imported_.dtype(); }
  const void* data() const {
    return seen_ ? static_cast<const char*>(tensor_.data) + tensor_.byte_offset : static_cast<const void*>(imported_.data());
  }

  bool look(PyObject* object) noexcept {
    const Look look = look_of(Py_TYPE(object));
    if (!look) return buffer(object);
    if (look(object, &tensor_) != 0) {
      PyErr_Clear();
      return false;
    }
    seen_ = tensor_.device.device_type == nanobind::device::cpu::value && (tensor_.strides || tensor_.ndim == 0);
    return seen_;
  }
  void import(const Imported& imported) { imported_ = imported; }

 private:
  static constexpr int kMostDims = 4;

  const int64_t* extents() const { return copied_ ? shape_ : tensor_.shape; }
  const int64_t* steps() const { return copied_ ? strides_ : tensor_.strides; }

  // The buffer is given back at once: the caller of the function holds the array while it runs.
  bool buffer(PyObject* object) noexcept {
    if (!PyObject_CheckBuffer(object)) return false;
    Py_buffer seen;
    if (PyObject_GetBuffer(object, &seen, PyBUF_STRIDES | PyBUF_FORMAT | (writes ? PyBUF_WRITABLE : 0)) != 0) {
      PyErr_Clear();
      return false;
    }
    tensor_.dtype = type_of(seen.format, seen.itemsize);
    seen_ = copied_ = tensor_.dtype.bits && seen.ndim <= kMostDims;
    for (int i = 0; seen_ && i < seen.ndim; ++i) {
      shape_[i] = seen.shape[i];
      strides_[i] = seen.strides[i] / seen.itemsize;
      // A step that is no whole number of entries could not be told from one that is.
      if (seen.strides[i] % seen.itemsize) seen_ = false;
    }
    tensor_.data = seen.buf;
    tensor_.ndim = seen.ndim;
    PyBuffer_Release(&seen);
    return seen_;
  }

  Imported imported_;
  Tensor tensor_{};
  int64_t shape_[kMostDims], strides_[kMostDims];
  bool seen_ = false, copied_ = false;
};

}  // namespace bigru_python

namespace nanobind::detail {

template <class Imported, bool writes> struct type_caster<bigru_python::View<Imported, writes>> {
  using Seen = bigru_python::View<Imported, writes>;
  NB_TYPE_CASTER(Seen, make_caster<Imported>::Name)

  bool from_python(handle source, uint32_t flags, cleanup_list* cleanup) noexcept {
    if (value.look(source.ptr())) return true;
    make_caster<Imported> caster;
    if (!caster.from_python(source, flags, cleanup)) return false;
    value.import(caster.value);
    return true;
  }
};

}  // namespace nanobind::detail
